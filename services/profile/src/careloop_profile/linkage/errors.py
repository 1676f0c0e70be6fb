from careloop_common.errors import DomainError, Kind


class LinkageModelNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "linkage_model_not_found"
    title = "Linkage model not found"


class InvalidLinkageModel(DomainError):
    """The document contradicts itself: a level that there is not, a key of no field, levels without an end."""

    kind = Kind.INVALID
    code = "invalid_linkage_model"
    title = "Invalid linkage model"


class MatchReviewNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "match_review_not_found"
    title = "Match review not found"


class MatchReviewDecided(DomainError):
    """Somebody decided it, it was answered in another way, or the model does not ask it any more; `state` says which."""

    kind = Kind.CONFLICT
    code = "match_review_decided"
    title = "The match review is decided"

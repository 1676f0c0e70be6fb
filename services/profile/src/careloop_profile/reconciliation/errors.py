from careloop_common.errors import DomainError, Kind


class LinkageRunNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "linkage_run_not_found"
    title = "Linkage run not found"


class NoLinkageModel(DomainError):
    """Nobody has published a linkage model yet."""

    kind = Kind.CONFLICT
    code = "no_linkage_model"
    title = "There is no linkage model"

from careloop_common.errors import DomainError, Kind


class ScoreUnknown(DomainError):
    kind = Kind.NOT_FOUND
    code = "score_unknown"
    title = "Score unknown"


class ScoreRefused(DomainError):
    """The customer refused automated decisions, or to be assessed: nobody is told a score, and none is made."""

    kind = Kind.CONFLICT
    code = "score_refused"
    title = "The customer refused to be scored"

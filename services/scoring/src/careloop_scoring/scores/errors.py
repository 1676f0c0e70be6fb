from careloop_common.errors import DomainError, Kind


class ScoreUnknown(DomainError):
    kind = Kind.NOT_FOUND
    code = "score_unknown"
    title = "Score unknown"

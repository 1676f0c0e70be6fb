from careloop_common.errors import DomainError, Kind


class SatisfactionNotRequested(DomainError):
    kind = Kind.CONFLICT
    code = "satisfaction_not_requested"
    title = "Satisfaction not requested"


class SatisfactionAlreadyGiven(DomainError):
    kind = Kind.CONFLICT
    code = "satisfaction_already_given"
    title = "Satisfaction already given"


class ReplyNotUnderstood(DomainError):
    kind = Kind.INVALID
    code = "reply_not_understood"
    title = "Reply not understood"

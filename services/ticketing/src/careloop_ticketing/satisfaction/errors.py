from careloop_common.errors import DomainError, Kind


class SatisfactionNotRequested(DomainError):
    """The ticket was never resolved, so nobody asked the customer yet."""

    kind = Kind.CONFLICT
    code = "satisfaction_not_requested"
    title = "Satisfaction not requested"


class SatisfactionAlreadyGiven(DomainError):
    """The customer has answered for this resolution of the ticket."""

    kind = Kind.CONFLICT
    code = "satisfaction_already_given"
    title = "Satisfaction already given"


class AnswerToOwnWork(DomainError):
    """How it went is not for who resolved or holds the ticket to enter, unless they hold the scope tickets:supervise."""

    kind = Kind.FORBIDDEN
    code = "answer_to_own_work"
    title = "Answer to own work"


class ReplyNotUnderstood(DomainError):
    """The reply is neither one digit from 1 to 5 nor words such as 很好, 满意, 一般, 差, 未去过; or it could be two answers."""

    kind = Kind.INVALID
    code = "reply_not_understood"
    title = "Reply not understood"

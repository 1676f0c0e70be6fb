from careloop_common.errors import DomainError, Kind


class IssueNotFound(DomainError):
    kind = Kind.NOT_FOUND
    code = "quality_issue_not_found"
    title = "Quality issue not found"


class IssueDecided(DomainError):
    """It was repaired at once, accepted or dismissed before, or the value that it is about has changed since."""

    kind = Kind.CONFLICT
    code = "quality_issue_decided"
    title = "The quality issue is not open"


class NothingToAccept(DomainError):
    """The issue comes with no suggestion, so somebody has to say what the right value is."""

    kind = Kind.INVALID
    code = "nothing_to_accept"
    title = "There is nothing to accept"

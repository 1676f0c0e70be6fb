from careloop_common.errors import DomainError, Kind


class InvalidRoster(DomainError):
    """A post names somebody who is no active agent, a team that does not exist, or ends before it begins; the pointer names the part."""

    kind = Kind.INVALID
    code = "invalid_duty_roster"
    title = "Invalid duty roster"


class RosterNotFound(DomainError):
    """There is no such version of the duty roster."""

    kind = Kind.NOT_FOUND
    code = "duty_roster_not_found"
    title = "Duty roster not found"


class NoticeNotFound(DomainError):
    """The caller has no notice of this id; none of those named with it was marked."""

    kind = Kind.NOT_FOUND
    code = "notice_not_found"
    title = "Notice not found"

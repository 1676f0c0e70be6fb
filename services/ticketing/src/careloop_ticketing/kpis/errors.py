from careloop_common.errors import DomainError, Kind


class WindowInvalid(DomainError):
    """The span of a report is empty, longer than two years, or has too many tickets in it; or its time zone is unknown."""

    kind = Kind.INVALID
    code = "window_invalid"
    title = "Window invalid"

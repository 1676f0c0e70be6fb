from careloop_common.errors import DomainError, Kind


class TimezoneUnknown(DomainError):
    kind = Kind.INVALID
    code = "timezone_unknown"
    title = "Time zone unknown"

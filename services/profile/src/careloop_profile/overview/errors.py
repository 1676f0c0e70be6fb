from careloop_common.errors import DomainError, Kind


class PeriodRefused(DomainError):
    """A time ends before it begins, or is longer than may be looked at in one request."""

    kind = Kind.INVALID
    code = "period_refused"
    title = "Period refused"

from careloop_common.errors import DomainError, Kind


class UnsubscribeLinkInvalid(DomainError):
    kind = Kind.INVALID
    code = "unsubscribe_link_invalid"
    title = "Unsubscribe link invalid"

from careloop_common.errors import DomainError, Kind


class MailUnreadable(DomainError):
    """The body is no e-mail: it has none of the fields that every message has. Nothing of it is kept."""

    kind = Kind.INVALID
    code = "mail_unreadable"
    title = "E-mail unreadable"


class CustomerNamedTwice(DomainError):
    """The customer is named by id and by reference, or by half a reference."""

    kind = Kind.INVALID
    code = "customer_named_twice"
    title = "Customer named twice"

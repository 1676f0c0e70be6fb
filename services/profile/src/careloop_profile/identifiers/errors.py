from careloop_common.errors import DomainError, Kind


class IdentifierRefused(DomainError):
    """A phone number or e-mail address that nobody can be reached under."""

    kind = Kind.INVALID
    code = "identifier_refused"
    title = "Identifier refused"

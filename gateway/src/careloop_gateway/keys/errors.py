from careloop_common.errors import DomainError, Kind


class ApiKeyNotFound(DomainError):
    """No API key has this id."""

    kind = Kind.NOT_FOUND
    code = "api_key_not_found"
    title = "API key not found"


class ApiKeyRevoked(DomainError):
    """The API key was revoked, and that is final."""

    kind = Kind.CONFLICT
    code = "api_key_revoked"
    title = "API key revoked"


class ExpiryPassed(DomainError):
    """A new key would have expired already."""

    kind = Kind.INVALID
    code = "expiry_passed"
    title = "Expiry passed"


class GrantExceedsOwn(DomainError):
    """A key may be made, rotated and revoked only by who holds every scope of it."""

    kind = Kind.FORBIDDEN
    code = "grant_exceeds_own"
    title = "Grant exceeds own scopes"

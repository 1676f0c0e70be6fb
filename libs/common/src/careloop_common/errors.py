"""Errors that say what kind they are.

    DomainError                   kind, code, title are stated by every subclass
    ├── …                         beside the slice that raises it
    └── Unavailable, …            the few that the plumbing itself raises (below)

One table (`STATUS`) turns a kind into an HTTP status, another (`careloop_common.messaging.consumer`) into what a
consumer does with the message. The domain knows neither. Standard library only.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import Any, ClassVar


class Kind(StrEnum):
    """What went wrong, in terms that both HTTP and messaging understand."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"


STATUS: dict[Kind, int] = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.FORBIDDEN: 403,
    Kind.UNAUTHENTICATED: 401,
    Kind.TOO_LARGE: 413,
    Kind.RATE_LIMITED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.TIMEOUT: 504,
}

_PASSING = frozenset({Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.RATE_LIMITED})


class DomainError(Exception):
    """A failure that the domain names.

    Subclasses state `kind`, a stable snake_case `code` and a `title`. `detail` tells the reader what happened this
    time; `extra` are further members of the problem document (JSON values, never personal data). `pointer` names the
    offending member of the request body (RFC 6901, `/items/0`) or the parameter (`cursor`), `retry_after` is in seconds.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    """What HTTP says: as its kind, unless a subclass says otherwise."""
    passes: ClassVar[bool]
    """Whether the same may succeed when tried again later; by its kind, unless a subclass says otherwise."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in vars(cls):
            cls.status = vars(cls).get("status", STATUS[cls.kind])
            cls.passes = vars(cls).get("passes", cls.kind in _PASSING)

    def __init__(
        self, detail: str = "", *, pointer: str | None = None, retry_after: float | None = None, **extra: Any
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer
        self.retry_after = retry_after
        self.extra = extra


class ServiceUnavailable(DomainError):
    """Something this service needs does not answer; the caller may try again."""

    kind = Kind.UNAVAILABLE
    code = "service_unavailable"
    title = "Service unavailable"


class DeadlineExceeded(DomainError):
    """The request's time was used up."""

    kind = Kind.TIMEOUT
    code = "deadline_exceeded"
    title = "Deadline exceeded"


class Unauthenticated(DomainError):
    """No valid token came with the request."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"
    title = "Authentication required"


class ScopeMissing(DomainError):
    """The caller is known but may not do this."""

    kind = Kind.FORBIDDEN
    code = "scope_missing"
    title = "Scope missing"


class InvalidCursor(DomainError):
    """The page cursor is not one of this list."""

    kind = Kind.INVALID
    code = "invalid_cursor"
    title = "Invalid cursor"


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with a different request."""

    kind = Kind.INVALID
    code = "idempotency_key_reused"
    title = "Idempotency key reused"


class IdempotencyKeyInvalid(DomainError):
    """The Idempotency-Key is empty, too long or not printable ASCII."""

    kind = Kind.INVALID
    code = "idempotency_key_invalid"
    title = "Idempotency key invalid"


class SecretShownOnce(DomainError):
    """The same Idempotency-Key made this before. The answer had a secret in it, which is shown once and kept nowhere."""

    kind = Kind.CONFLICT
    code = "secret_shown_once"
    title = "Secret shown once"


class RequestInFlight(DomainError):
    """A request with the same Idempotency-Key is still being worked on."""

    kind = Kind.CONFLICT
    code = "request_in_flight"
    title = "Request in flight"
    passes = True


class VersionMismatch(DomainError):
    """If-Match names another version than the stored one."""

    kind = Kind.PRECONDITION
    code = "version_mismatch"
    title = "Version mismatch"


class BodyTooLarge(DomainError):
    """The request body is over the limit of this route."""

    kind = Kind.TOO_LARGE
    code = "body_too_large"
    title = "Body too large"


class MediaTypeNotSupported(DomainError):
    """The Content-Type of the body is none that this route takes, or there is none; `detail` says what it takes."""

    kind = Kind.INVALID
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "media_type_not_supported"
    title = "Media type not supported"


class SealBroken(DomainError):
    """A sealed value cannot be opened: wrong key, wrong subject or tampering."""

    kind = Kind.INVALID
    code = "seal_broken"
    title = "Sealed value cannot be opened"


class SubjectKeyGone(SealBroken):
    """The key of whom the sealed value is about was destroyed, or is not known here."""

    kind = Kind.INVALID
    code = "subject_key_gone"
    title = "Key destroyed"

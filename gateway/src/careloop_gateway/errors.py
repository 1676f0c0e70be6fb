"""What the gateway itself refuses, or has to tell about a service behind it.

Refusal                       an HTTP status of its own: no kind of error of the domain stands for it
├── MalformedRequest, …       the request cannot be understood or routed
└── UpstreamBroken            a service's answer cannot be passed on
DomainError                   everything that a service could have said as well
"""

from typing import Any

from careloop_common.errors import DomainError, Kind


class Refusal(DomainError):
    """An answer whose HTTP status is stated here."""

    kind = Kind.INVALID

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.headers = headers or {}


class RequestIncomplete(Refusal):
    """The rest of the request did not arrive in time."""

    status = 408
    code = "request_incomplete"
    title = "Request incomplete"


class AddressTooLong(Refusal):
    """Path and query are over 8 KiB."""

    status = 414
    code = "address_too_long"
    title = "Address too long"


class HeadersTooLarge(Refusal):
    """There are over 100 headers, or over 16 KiB of them."""

    status = 431
    code = "headers_too_large"
    title = "Headers too large"


class UpstreamBroken(Refusal):
    """A service ended its answer early, or sent something that is not HTTP. Whether it did its work is unknown."""

    status = 502
    code = "upstream_broken"
    title = "Broken answer from a service"


class CredentialsInvalid(DomainError):
    """The API key or the access token is not valid; `detail` says why, as far as that helps nobody else."""

    kind = Kind.UNAUTHENTICATED
    code = "credentials_invalid"
    title = "Credentials invalid"


class RateLimited(DomainError):
    """The caller has used up what he may ask per second; see `RateLimit` and `Retry-After`."""

    kind = Kind.RATE_LIMITED
    code = "rate_limited"
    title = "Rate limited"


class UpstreamUnavailable(DomainError):
    """A service cannot be reached; nothing was done."""

    kind = Kind.UNAVAILABLE
    code = "upstream_unavailable"
    title = "Service cannot be reached"


class Overloaded(DomainError):
    """Too many requests are under way to a service; nothing was done."""

    kind = Kind.UNAVAILABLE
    code = "overloaded"
    title = "Overloaded"

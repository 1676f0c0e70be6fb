"""Which headers cross the gateway, in which direction."""

from collections.abc import Iterable

from careloop_common.observability.tracing import current_traceparent
from multidict import CIMultiDict, CIMultiDictProxy

from careloop_gateway.exchange import Exchange

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = frozenset(
    {
        "authorization",
        "baggage",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "traceparent",
        "tracestate",
        "x-api-key",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-request-id",
        "x-request-timeout",
    }
)
"""What the gateway says itself, or what is nothing to a service: a client's word for it is not passed on."""
_NOT_BACK = HOP_BY_HOP | {"date", "server", "x-request-id"}
INTERNAL = "x-internal-"


def to_service(exchange: Exchange) -> CIMultiDict[str]:
    """The headers of the request that a service gets."""
    headers: CIMultiDict[str] = CIMultiDict()
    dropped = HOP_BY_HOP | _OURS | _named(exchange.headers.get(b"connection", b"").decode("latin-1"))
    for raw_name, value in exchange.scope["headers"]:
        name = raw_name.decode("latin-1")
        if name not in dropped and not name.startswith(INTERNAL):
            headers.add(name, _text(value))
    headers["x-forwarded-for"] = exchange.address
    return _with_context(headers, exchange.authorization, exchange.request_id, exchange.seconds_left)


def _text(value: bytes) -> str:
    """As the HTTP client writes it again: it knows nothing but UTF-8, in which file names come as they are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def of_our_own(authorization: str, request_id: bytes, seconds: float) -> CIMultiDict[str]:
    """The headers of a request that the gateway makes for a caller, as part of a composed answer."""
    headers: CIMultiDict[str] = CIMultiDict({"accept": "application/json"})
    return _with_context(headers, authorization, request_id, seconds)


def _with_context(
    headers: CIMultiDict[str], authorization: str, request_id: bytes, seconds: float
) -> CIMultiDict[str]:
    if authorization:
        headers["authorization"] = authorization
    headers["x-request-id"] = request_id.decode()
    headers["x-request-timeout"] = f"{max(seconds, 0.001):.3f}"
    if parent := current_traceparent():
        headers["traceparent"] = parent
    return headers


def to_client(
    headers: CIMultiDictProxy[str], ours: Iterable[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that the client gets: the service's, and what the policies have to say."""
    dropped = _NOT_BACK | _named(headers.get("connection", ""))
    passed = [
        (lower.encode("latin-1"), value.encode("utf-8", "surrogateescape"))
        for name, value in headers.items()
        if (lower := name.lower()) not in dropped and not lower.startswith(INTERNAL)
    ]
    given = {name for name, _ in passed}
    passed += (pair for pair in ours if pair[0] not in given)
    if b"cache-control" not in given:
        passed.append((b"cache-control", b"no-store"))
    return passed


def _named(connection: str) -> frozenset[str]:
    """Headers that `Connection` declares to be for this hop."""
    if not connection or connection.lower() in {"keep-alive", "close"}:
        return frozenset()
    return frozenset(name.strip().lower() for name in connection.split(","))

from collections.abc import Collection

from careloop_gateway.exchange import Exchange

ORIGIN = b"origin"
_TOLD = (b"access-control-expose-headers", b"retry-after, x-ratelimit-reset, x-request-id")
_MAY = (
    (b"access-control-allow-methods", b"POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-api-key, x-request-id",
    ),
    (b"access-control-max-age", b"7200"),
)


class AdmitOrigins:
    """Tell browsers that a page of another origin may call this route, if it may (CORS).

    Who calls is known by a key that the page sends itself, never by a cookie: to be admitted gives nobody any right.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._all = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, exchange: Exchange) -> None:
        origin = exchange.headers.get(ORIGIN)
        if not exchange.matched.browsers or origin is None:
            return
        if not self._all:
            exchange.answer_headers.append((b"vary", b"origin"))
        if self._all or origin in self._origins:
            allowed = b"*" if self._all else origin
            exchange.answer_headers += ((b"access-control-allow-origin", allowed), _TOLD)
            exchange.answer_headers += _MAY if exchange.method == "OPTIONS" else ()

"""Bodies on their way through: small ones are held, large ones flow."""

from collections.abc import AsyncIterator

from careloop_common.errors import BodyTooLarge

from careloop_gateway.exchange import Exchange

SMALL = 64 << 10
"""Requests up to here are read before the service is called: a slow client then costs the service nothing."""


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def take_body(exchange: Exchange) -> "bytes | Inflow | None":
    """The request's body: whole when it says that it is small, else as it comes in."""
    if exchange.body is not None:
        return exchange.body
    if not exchange.has_body:
        return None
    inflow = Inflow(exchange)
    declared = exchange.headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) <= SMALL:
        return b"".join([chunk async for chunk in inflow])
    return inflow


class Inflow:
    """A body as it arrives, up to the route's limit."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._limit = exchange.matched.max_body
        self.failure: Exception | None = None
        """Why the body ended early. The HTTP client reports that as a broken connection of its own."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, more = 0, True
        while more:
            self._exchange.waiting_for_client = True
            message = await self._exchange.receive()
            self._exchange.waiting_for_client = False
            if message["type"] == "http.disconnect":
                self.failure = ClientGone()
                raise self.failure
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > self._limit:
                self.failure = BodyTooLarge(f"The body may have {self._limit} bytes.")
                raise self.failure
            more = message.get("more_body", False)
            if chunk:
                yield chunk

"""What happens to a request before and after FastAPI: pure ASGI, one layer.

Request id, trace, deadline, body limit and the duration metric live here together because they share the same few
variables of one request; five layers would cost five times the calls.
"""

import asyncio
import time
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careloop_common import ids
from careloop_common.errors import DeadlineExceeded
from careloop_common.observability.metrics import HTTP_SECONDS
from careloop_common.observability.tracing import server_span
from careloop_common.problems import from_error, unexpected

REQUEST_ID = "x-request-id"
DEADLINE = "x-request-timeout"


class Edge:
    """The outermost layer of every service.

    An unexpected exception ends here: the server would log it once more, and close a connection in the gateway's pool
    that is in order, under the next request. Only after the answer has begun is that the right thing to do.
    """

    def __init__(self, app: ASGIApp, *, seconds: float, body_bytes: int) -> None:
        self.app = app
        self.seconds = seconds
        self.body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on what is not HTTP."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        exchange = _Exchange(scope, receive, send, headers, self.body_bytes)
        started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        try:
            with server_span(f"{scope['method']} {scope['path']}", headers):
                await self._answered(exchange, headers)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            HTTP_SECONDS.labels(method, route, str(exchange.status)).observe(time.perf_counter() - started)

    async def _answered(self, exchange: "_Exchange", headers: dict[str, str]) -> None:
        try:
            await self._within_deadline(exchange, headers)
        except Exception as error:
            if exchange.status:
                raise
            answer = unexpected(error, exchange.scope["method"], exchange.scope["path"])
            await answer(exchange.scope, exchange.receive, exchange.send)

    async def _within_deadline(self, exchange: "_Exchange", headers: dict[str, str]) -> None:
        try:
            async with asyncio.timeout(_seconds(headers.get(DEADLINE), self.seconds)) as deadline:
                exchange.flows_within(self.seconds, deadline)
                await self.app(exchange.scope, exchange.receive, exchange.send)
        except TimeoutError:
            if not deadline.expired() or exchange.status:
                raise
            answer = from_error(DeadlineExceeded(), exchange.scope["path"])
            await answer(exchange.scope, exchange.receive, exchange.send)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _seconds(asked: str | None, most: float) -> float:
    try:
        return min(most, max(0.0, float(asked))) if asked else most
    except ValueError:
        return most


class _Exchange:
    """One request and its answer: counts the body, adds the request id, remembers the status."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], body_bytes: int
    ) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._received = 0
        self._limit = body_bytes
        self._deadline: asyncio.Timeout | None = None
        self._seconds = 0.0
        self._declared = headers.get("content-length", "")
        given = headers.get(REQUEST_ID, "")
        self.request_id = (
            given if 0 < len(given) <= 64 and given.isascii() and given.isprintable() else str(ids.new_id())
        )
        self.status = 0

    def flows_within(self, seconds: float, deadline: asyncio.Timeout) -> None:
        """Let an answer that comes in parts take this long for each of them, in place of the request's deadline."""
        self._seconds, self._deadline = seconds, deadline

    async def receive(self) -> Message:
        limit = getattr(self.scope.get("route"), "body_bytes", None) or self._limit
        if self._declared.isdecimal() and int(self._declared) > limit:
            raise _too_large(limit)
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > limit:
            raise _too_large(limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            extra: list[Any] = [(REQUEST_ID.encode(), self.request_id.encode())]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        elif message.get("more_body") and self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._seconds)
        await self._send(message)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body is larger than {limit} bytes.")

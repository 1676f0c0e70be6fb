"""HTTP as uvicorn parses it, except that every refusal is a problem document and that no client is waited for in vain."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from careloop_common.patience import LINGER_SECONDS, Patience
from careloop_common.problems import DOCS, MEDIA_TYPE


class ProblemProtocol(HttpToolsProtocol):
    """One connection. `patience` is what it shares with the others of its process."""

    def __init__(self, *arguments: Any, patience: Patience, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience = patience
        self._refused = False
        self._began = False
        self._parting = False
        self._lingering = False

    @classmethod
    def with_patience(cls, patience: Patience) -> Callable[..., "ProblemProtocol"]:
        """What uvicorn takes for `http=`."""
        return partial(cls, patience=patience)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection; if it is one too many, one that waits makes room, or this one is refused."""
        super().connection_made(transport)
        if len(self.connections) > self._patience.connections:
            self._refused = not self._patience.make_room()
        self._patience.begin(self, self._patience.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """It waits for nobody any more."""
        self._patience.end(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came. From the first byte after an answer on, the time of the next head runs."""
        if self._lingering:
            return
        super().data_received(data)
        if self._patience.is_idle(self):
            self._patience.begin(self, self._patience.head_seconds)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._began = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete: now it is us who have to do something."""
        self._began = False
        self._patience.end(self)
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        chosen: ASGIApp = _exhausted if self._refused else app
        super()._start_asgi_task(cycle, partial(self._answered, cycle, chosen))

    async def _answered(
        self, cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Run the application. If it answers before the body is there, the connection is not used again."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and (cycle.more_body or self._refused):
                cycle.keep_alive = False
                await send(message)
                # The server would close at once, and what the client still sends would destroy the answer on its way.
                self._parting = cycle.keep_alive = True
            else:
                await send(message)

        await app(scope, receive, sent)

    def on_response_complete(self) -> None:
        """Wait for the next request, or part."""
        if not self._parting:
            super().on_response_complete()
            if self.cycle.response_complete and not self.transport.is_closing():
                self._patience.begin(self)
        elif not self.transport.is_closing():
            self._lingering = True
            self.flow.resume_reading()
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self._patience.begin(self, LINGER_SECONDS)

    def run_out(self) -> None:
        """Tell a client that was in the middle of a head, and close."""
        if self._began and not self._lingering:
            self._refuse(408, "request_incomplete", "Request incomplete", "The head did not come in time.")
        else:
            self.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for long. A client that does not read its answer either would never let us close."""
        if self.transport.get_write_buffer_size():
            self.abort()
        else:
            super().timeout_keep_alive_handler()

    def abort(self) -> None:
        """End the connection."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Tell the client in the form of every other failure, and close: what follows cannot be framed."""
        self._refuse(400, "malformed_request", "Malformed request", msg)

    def _refuse(self, status: int, code: str, title: str, detail: str) -> None:
        body = _problem(status, code, title, detail)
        head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()


def _problem(status: int, code: str, title: str, detail: str) -> bytes:
    document = {
        "type": f"{DOCS}{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "",
        "code": code,
        "trace_id": None,
    }
    return json.dumps(document).encode()


async def _exhausted(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  (an ASGI application)
    detail = "All connections of this process have work under way."
    body = _problem(503, "connections_exhausted", "Connections exhausted", detail)
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})

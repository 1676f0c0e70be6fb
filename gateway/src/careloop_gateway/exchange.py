"""One request on its way through the policies, and what they found out about it."""

import asyncio
from time import monotonic, perf_counter

from careloop_common import ids
from starlette.types import Receive, Scope, Send

from careloop_gateway.identity.principal import Principal
from careloop_gateway.routing import Route

REQUEST_ID = b"x-request-id"


class Exchange:
    """Made when a request arrives. `headers` has one value for each name; repeated ones are refused where it matters."""

    __slots__ = (
        "answer_headers",
        "authorization",
        "body",
        "deadline",
        "headers",
        "limited_by_client",
        "principal",
        "raw_path",
        "receive",
        "request_id",
        "route",
        "scope",
        "send",
        "started",
        "status",
        "timer",
        "waiting_for_client",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.started = perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.request_id = _request_id(self.headers.get(REQUEST_ID, b""))
        self.route: Route | None = None
        self.principal: Principal | None = None
        self.authorization = ""
        self.body: bytes | None = None
        """The body, where somebody had to read it to know who calls."""
        self.deadline = monotonic()
        self.limited_by_client = False
        self.timer: asyncio.Timeout | None = None
        self.waiting_for_client = False
        self.status = 0
        self.answer_headers: list[tuple[bytes, bytes]] = [
            (REQUEST_ID, self.request_id),
            (b"x-content-type-options", b"nosniff"),
        ]

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        path: str = self.scope["path"]
        return path

    @property
    def matched(self) -> Route:
        """The route, for policies that come after matching."""
        assert self.route is not None
        return self.route

    @property
    def address(self) -> str:
        """Where the caller is, as far as the server can tell."""
        client = self.scope.get("client")
        return str(client[0]) if client else "unknown"

    @property
    def has_body(self) -> bool:
        length = self.headers.get(b"content-length")
        return b"transfer-encoding" in self.headers or (length is not None and length != b"0")

    @property
    def seconds_left(self) -> float:
        return self.deadline - monotonic()


def _request_id(given: bytes) -> bytes:
    if 0 < len(given) <= 64 and given.isascii() and given.decode().isprintable():
        return given
    return str(ids.new_id()).encode()

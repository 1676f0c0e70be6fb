from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from careloop_common.service import Service
from careloop_common.testing.access import Signer
from careloop_common.testing.serving import serving
from careloop_gateway.identity.secrets import new_key
from careloop_gateway.service import service
from starlette.types import ASGIApp

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Backend:
    """A service behind the gateway: a real HTTP server that answers as a test tells it to."""

    requests: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: Answer | None = None
    url: str = ""
    _runner: web.ServerRunner | None = None

    async def start(self, port: int = 0) -> None:
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def last(self) -> web.BaseRequest:
        return self.requests[-1]

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        if self.answer is not None:
            return await self.answer(request)
        self.bodies.append(await request.content.read())
        return web.json_response({"path": request.path_qs, "method": request.method})


@pytest.fixture
def service_under_test() -> Service[Any]:
    return service


@pytest.fixture
def broker() -> None:
    """The gateway has no streams, so none need emptying."""


@pytest_asyncio.fixture(loop_scope="session")
async def backend() -> AsyncIterator[Backend]:
    """The service behind every route."""
    found = Backend()
    await found.start()
    yield found
    await found.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def backends() -> AsyncIterator[dict[str, Backend]]:
    """A backend for each service; suites that want them override `addresses`."""
    found = {name: Backend() for name in ("profile", "ticketing", "campaign", "scoring")}
    for each in found.values():
        await each.start()
    yield found
    for each in found.values():
        await each.stop()


@pytest.fixture(scope="session")
def admin_key() -> str:
    return str(new_key())


@pytest.fixture
def addresses(backend: Backend) -> dict[str, str]:
    return {f"{name}_url": backend.url for name in ("profile", "ticketing", "campaign", "scoring")}


@pytest.fixture
def settings_overrides(signer: Signer, admin_key: str, addresses: dict[str, str]) -> dict[str, Any]:
    return {"internal_private_key": signer.private_pem, "admin_key": admin_key, **addresses}


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(app: ASGIApp) -> AsyncIterator[str]:
    """Address of a gateway that listens on a port of its own."""
    async with serving(app) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def anyone(gateway: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    async with httpx.AsyncClient(base_url=gateway, timeout=15) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def admin(gateway: str, admin_key: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    headers = {"authorization": f"Bearer {admin_key}"}
    async with httpx.AsyncClient(base_url=gateway, headers=headers, timeout=15) as client:
        yield client


@pytest.fixture
def problem() -> Callable[..., dict[str, Any]]:
    """`problem(answer, 404, "route_not_found")`: the answer is such a problem document, which is given back."""

    def check(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = answer.json()
        assert body["code"] == code
        assert body["status"] == status
        assert {"type", "title", "detail", "instance"} <= body.keys()
        assert answer.headers["x-request-id"]
        return body

    return check


@pytest.fixture
def make_key(admin: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await make_key(scopes=[…])` issues an API key."""

    async def make(**options: Any) -> dict[str, Any]:
        answer = await admin.post("/v1/api-keys", json={"name": "test", **options})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    return make

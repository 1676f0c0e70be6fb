"""Fixtures for every suite. A service's `conftest.py` states one fixture, `service_under_test`, and gets the rest.

    postgres, nats_server       servers for the whole run: our own, or those of CARELOOP_TEST_{DATABASE,NATS}_URL
    make_database(service)      a migrated, empty database of a service; dropped after the test
    runtime                     the service's Runtime on a database and on streams of this test's own
    session                     a session that is rolled back
    client, client_as(...)      HTTP to the service's application, with a token of all its scopes or of some
    worker_running()            async context manager: the service's worker runs inside
    publish(event)              another service's event;  `published(Type)` what is in the stream
    eventually(fn)              polls until `fn()` is true, and returns what it gave

This module is loaded into every pytest run, also of plain unit tests: what is heavy is imported inside the fixtures.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.types import ASGIApp

    from careloop_common.runtime import Runtime
    from careloop_common.service import Service
    from careloop_common.settings import ServiceSettings
    from careloop_common.testing.access import Signer
    from careloop_common.testing.broker import Broker
    from careloop_common.testing.databases import Databases


def pytest_configure() -> None:
    """Workers of one run choose ports apart: between a choice and its use another's choice could be the same."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        from careloop_common.embedded import share_ports

        share_ports(int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that opens a connection is in the wrong folder."""
    if "unit" not in request.path.parts:
        return

    def refuse(*_: object) -> NoReturn:
        pytest.fail("a unit test opened a connection; tests that need a server are in tests/service")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log lines go to pytest's own capture as text; structlog's default draws every traceback with its locals."""
    import structlog

    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a superuser on a PostgreSQL server."""
    from careloop_common.testing import servers

    if url := os.environ.get(servers.DATABASE_URL):
        yield url
        return
    with servers.own_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def nats_server() -> Iterator[str]:
    """URL of a NATS server with JetStream."""
    from careloop_common.testing import servers

    if url := os.environ.get(servers.NATS_URL):
        if asyncio.run(servers.holds_streams(url)):
            pytest.exit(f"{url} holds streams already; the tests would delete them", returncode=3)
        yield url
        return
    with servers.own_nats() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases(postgres: str) -> "AsyncIterator[Databases]":
    """Templates and clones on the server of this run."""
    from careloop_common.testing.databases import Databases

    found = Databases(postgres)
    yield found
    await found.close()


@pytest_asyncio.fixture(loop_scope="session")
async def make_database(databases: "Databases") -> "AsyncIterator[Callable[[Service[Any]], Awaitable[str]]]":
    """`await make_database(service)` gives the URL of a database of this test's own."""
    async with AsyncExitStack() as stack:

        async def make(service: "Service[Any]") -> str:
            url = await databases.clone(service)
            stack.push_async_callback(databases.drop, url)
            return url

        yield make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _broker_of_the_run(nats_server: str) -> "AsyncIterator[Broker]":
    from careloop_common.testing.broker import Broker

    broker = await Broker.connect(nats_server)
    yield broker
    await broker.close()


@pytest_asyncio.fixture(loop_scope="session")
async def broker(_broker_of_the_run: "Broker") -> "Broker":
    """The broker with every stream empty."""
    await _broker_of_the_run.reset()
    return _broker_of_the_run


@pytest.fixture(scope="session")
def signer() -> "Signer":
    """Signs internal tokens in place of the gateway."""
    from careloop_common.testing.access import Signer

    return Signer()


@pytest.fixture
def service_under_test() -> "Service[Any]":
    """The service that a suite tests; its `conftest.py` overrides this."""
    raise pytest.UsageError(
        "conftest.py must define the fixture service_under_test, which returns the Service"
    )


@pytest.fixture
def settings_overrides() -> dict[str, Any]:
    """Settings that a suite or a test wants different; override to change them."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def service_settings(
    service_under_test: "Service[Any]",
    make_database: "Callable[[Service[Any]], Awaitable[str]]",
    broker: "Broker",
    nats_server: str,
    signer: "Signer",
    settings_overrides: dict[str, Any],
) -> "ServiceSettings":
    """Settings of the service on this test's own database and streams."""
    from careloop_common.testing.access import data_keys

    given: dict[str, Any] = {
        "database_url": await make_database(service_under_test),
        "database_pool": 5,
        "nats_url": nats_server,
        "internal_public_key": signer.public_pem,
        "data_keys": data_keys(),
    }
    settings: ServiceSettings = service_under_test.settings(**(given | settings_overrides))
    return settings


@pytest_asyncio.fixture(loop_scope="session")
async def runtime(
    service_under_test: "Service[Any]", service_settings: "ServiceSettings"
) -> "AsyncIterator[Runtime[Any]]":
    """The service's runtime; what is committed through it stays until the test ends."""
    from careloop_common.runtime import Runtime

    async with Runtime.open(service_under_test.name, service_settings) as opened:
        await opened.bus.ready()
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def session(runtime: "Runtime[Any]") -> "AsyncIterator[AsyncSession]":
    """A session on the test's database that is rolled back at the end."""
    from sqlalchemy.ext.asyncio import AsyncSession

    database = runtime.database
    async with AsyncSession(database.engine, expire_on_commit=False, info=database.info) as opened:
        yield opened
        await opened.rollback()


@pytest.fixture
def app(service_under_test: "Service[Any]", runtime: "Runtime[Any]") -> "ASGIApp":
    """The service's application."""
    return service_under_test.create_app(runtime)


@pytest_asyncio.fixture(loop_scope="session")
async def client_as(app: "ASGIApp", signer: "Signer") -> "AsyncIterator[Callable[..., httpx.AsyncClient]]":
    """`client_as("tickets:read", …)` gives a client whose token has these scopes; keywords as of `Signer.token`."""
    import httpx

    async with AsyncExitStack() as stack:

        def make(*scopes: str, **actor: Any) -> httpx.AsyncClient:
            opened = httpx.AsyncClient(
                # As in production: a failure is an answer, the exception goes to the log.
                transport=httpx.ASGITransport(app, raise_app_exceptions=False),
                base_url="http://service",
                headers={"authorization": f"Bearer {signer.token(scopes, **actor)}"},
            )
            stack.push_async_callback(opened.aclose)
            return opened

        yield make


@pytest.fixture(scope="session")
def _scopes_of_services() -> dict[str, list[str]]:
    """What is known of the services' scopes: FastAPI takes half a second to tell them."""
    return {}


@pytest.fixture
def client(
    app: "FastAPI",
    service_under_test: "Service[Any]",
    client_as: "Callable[..., httpx.AsyncClient]",
    _scopes_of_services: dict[str, list[str]],
) -> "httpx.AsyncClient":
    """A client that may call every route of the service."""
    name = service_under_test.name
    if name not in _scopes_of_services:
        _scopes_of_services[name] = list(_scopes(app))
    return client_as(*_scopes_of_services[name])


@pytest.fixture
def worker_running(
    service_under_test: "Service[Any]", runtime: "Runtime[Any]"
) -> Callable[[], AbstractAsyncContextManager[None]]:
    """`async with worker_running():` relays, consumes and fires timers inside the block."""
    from careloop_common.testing.working import working

    if service_under_test.create_worker is None:
        raise pytest.UsageError(f"{service_under_test.name} has no worker")
    create_worker = service_under_test.create_worker

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with working(create_worker(runtime)):
            yield

    return running


@pytest.fixture
def publish(broker: "Broker") -> "Callable[..., Awaitable[Any]]":
    """`await publish(event, event_id=…, time=…)`: an event of another service arrives."""
    return broker.publish


@pytest.fixture
def published(broker: "Broker") -> "Callable[..., Awaitable[list[Any]]]":
    """`await published(TicketOpenedV1)`: the events of this type that are in their stream."""
    return broker.published


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Awaitable[Any]]:
    """`await eventually(fn, timeout=10)`: polls until `fn()` is true, and returns what it gave."""
    from careloop_common.testing.working import until

    return until


def _scopes(app: "FastAPI") -> Iterable[str]:
    for operations in app.openapi()["paths"].values():
        for operation in operations.values():
            if scope := operation.get("x-scope"):
                yield scope

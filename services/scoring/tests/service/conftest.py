from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from careloop_common import clock
from careloop_common.runtime import Runtime
from careloop_common.service import Service
from careloop_scoring.customers import service as customers
from careloop_scoring.customers.policy import Facts
from careloop_scoring.customers.service import Known
from careloop_scoring.runs import execution
from careloop_scoring.service import service
from httpx import AsyncClient


@pytest.fixture
def service_under_test() -> Service[Any]:
    return service


@pytest.fixture
def settings_overrides() -> dict[str, Any]:
    return {"run_daily_at": None, "chunk": 100}


@pytest.fixture
def remember(runtime: Runtime[Any]) -> Callable[..., Awaitable[None]]:
    """`await remember(facts, version=1)`: profile's customers are in the replica."""

    async def keep(facts: list[Facts], *, version: int = 1) -> None:
        async with runtime.database.transaction() as session:
            await customers.remember(session, [Known(one, version) for one in facts], now=clock.now())

    return keep


@pytest.fixture
def run(client: AsyncClient, runtime: Runtime[Any]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await run(train=…)`: a requested run, worked off, as the API shows it."""

    async def complete(**options: Any) -> dict[str, Any]:
        asked = await client.post("/v1/scoring-runs", json=options)
        assert asked.status_code == 202, asked.text
        await execution.work(runtime)
        found: dict[str, Any] = (await client.get(asked.headers["location"])).json()
        assert found["state"] == "completed", found
        return found

    return complete


@pytest.fixture(scope="session")
def today() -> date:
    return clock.now().date()

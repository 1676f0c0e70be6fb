from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from careloop_common import ids
from careloop_contracts import CustomerRegisteredV1
from careloop_ticketing import defaults
from careloop_ticketing.service import service


@pytest.fixture
def service_under_test():
    return service


@pytest.fixture
def settings_overrides(tmp_path: Path) -> dict[str, Any]:
    return {"files": tmp_path / "files"}


@pytest.fixture
def open_ticket(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await open_ticket(subject=…)`: a complaint by telephone unless told otherwise."""

    async def open_one(**given: Any) -> dict[str, Any]:
        body = {"channel": "hotline", "subject": "账单看不懂", **given}
        answer = await client.post("/v1/tickets", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return open_one


@pytest.fixture
def act(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await act(ticket, "resolve", outcome="solved")` gives the ticket after the act."""

    async def act_on(ticket: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
        answer = await client.post(f"/v1/tickets/{ticket['id']}/{what}", json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    return act_on


@pytest.fixture
def facts(client: httpx.AsyncClient) -> Callable[..., Awaitable[list[str]]]:
    """`await facts(ticket)`: what its history says happened, in order."""

    async def read(ticket: dict[str, Any]) -> list[str]:
        history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()
        return [entry["fact"] for entry in history["items"]]

    return read


@pytest.fixture
def publish_policy(client: httpx.AsyncClient) -> Callable[..., Awaitable[int]]:
    """`await publish_policy(first_response=1, resolution={"primary": 2})`: the shipped policy with these targets."""

    async def publish(satisfaction: int = 3600, **targets: int | dict[str, int]) -> int:
        document = defaults.sla_policy() | {"name": "Seconds", "satisfaction_seconds": satisfaction}
        for name, seconds in targets.items():
            clock = document["clocks"][name]
            if isinstance(seconds, int):
                clock["targets"] = [{"seconds": seconds}]
                continue
            by_tier = [{"when": f'tier == "{tier}"', "seconds": target} for tier, target in seconds.items()]
            clock["targets"] = [*by_tier, *clock["targets"]]
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return publish


@pytest.fixture
def customer_registered() -> Callable[..., CustomerRegisteredV1]:
    """The event of a new customer."""

    def make(customer_id: UUID | None = None, **given: Any) -> CustomerRegisteredV1:
        about = {"version": 1, "kind": "individual", "source": "crm", "status": "active", "region": "北京"}
        return CustomerRegisteredV1(customer_id=customer_id or ids.new_id(), **(about | given))

    return make

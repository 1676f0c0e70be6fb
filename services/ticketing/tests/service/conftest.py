from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from careloop_common import clock, ids
from careloop_common.runtime import Runtime
from careloop_contracts import CustomerRegisteredV1
from careloop_ticketing import defaults
from careloop_ticketing.bulk import working
from careloop_ticketing.customers.models import CustomerRow
from careloop_ticketing.service import service
from careloop_ticketing.settings import Settings
from careloop_ticketing.vocabulary import Tier


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
def customer(runtime: Runtime[Settings]) -> Callable[..., Awaitable[str]]:
    """`await customer(vip=True, region="广东")`: the id of somebody whom the replica knows."""

    async def add(**given: Any) -> str:
        about = {"version": 1, "source": "crm", "status": "active", "vip": False, "automated_decisions": True}
        row = CustomerRow(id=ids.new_id(), updated_at=clock.now(), **(about | given))
        async with runtime.database.transaction() as session:
            session.add(row)
        return str(row.id)

    return add


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
def two_clocks() -> Callable[[], dict[str, Any]]:
    """`two_clocks()`: the shipped policy with the first response and the resolution alone, on one ladder for all tiers."""

    def make() -> dict[str, Any]:
        document = defaults.sla_policy()
        clocks = {name: document["clocks"][name] for name in ("first_response", "resolution")}
        clocks["resolution"]["ladders"] = [{"when": "vip", "ladder": "vip"}, {"ladder": "resolution"}]
        return document | {"clocks": clocks}

    return make


@pytest.fixture
def publish_policy(
    client: httpx.AsyncClient, two_clocks: Callable[[], dict[str, Any]]
) -> Callable[..., Awaitable[int]]:
    """`await publish_policy(first_response=1, resolution={"primary": 2})`: these two clocks of the shipped policy."""

    async def publish(satisfaction: int = 3600, **targets: int | dict[str, int]) -> int:
        document = two_clocks() | {"name": "Seconds", "satisfaction_seconds": satisfaction}
        for name, seconds in targets.items():
            clock = document["clocks"][name]
            if isinstance(seconds, int):
                clock["targets"] = [{"seconds": seconds}]
                continue
            by_tier = [{"when": f'tier == "{tier}"', "seconds": target} for tier, target in seconds.items()]
            # What nothing is left for would be refused.
            *others, last = clock["targets"]
            left = [one for one in others if not any(f'"{tier}"' in one["when"] for tier in seconds)]
            clock["targets"] = [*by_tier, *(left if len(seconds) < len(Tier) else []), last]
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return publish


@pytest.fixture
def publish_other(
    client: httpx.AsyncClient, two_clocks: Callable[[], dict[str, Any]]
) -> Callable[..., Awaitable[tuple[dict[str, Any], int]]]:
    """`await publish_other(drop="first_response", loop={…})` gives the document and its version."""

    async def publish(drop: str | None = None, **added: Any) -> tuple[dict[str, Any], int]:
        document = two_clocks()
        document["clocks"] = {name: one for name, one in document["clocks"].items() if name != drop} | added
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return document, answer.json()["version"]

    return publish


@pytest.fixture
def apply(
    client: httpx.AsyncClient, worker_running: Any, eventually: Any
) -> Callable[[int], Awaitable[dict[str, Any]]]:
    """`await apply(version)` gives the recalculation once it is done."""

    async def run(version: int) -> dict[str, Any]:
        asked = await client.post("/v1/sla-recalculations", json={"version": version})
        assert asked.status_code == 202, asked.text

        async def done() -> dict[str, Any] | None:
            found = (await client.get(asked.headers["location"])).json()
            return found if found["state"] == "done" else None

        async with worker_running():
            found: dict[str, Any] = await eventually(done)
            return found

    return run


@pytest.fixture
def publish_clocks(
    client: httpx.AsyncClient, two_clocks: Callable[[], dict[str, Any]]
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await publish_clocks(name={…}, ladders={…})`: two clocks of the shipped policy, and these besides."""

    async def publish(ladders: dict[str, Any] | None = None, **clocks: Any) -> dict[str, Any]:
        document = two_clocks()
        document["ladders"] |= ladders or {}
        for name, given in clocks.items():
            usual = {"start": ["opened"], "stop": ["resolved"], "ladders": [{"ladder": "first_response"}]}
            document["clocks"][name] = usual | given
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return document

    return publish


@pytest.fixture
def customer_registered() -> Callable[..., CustomerRegisteredV1]:
    """The event of a new customer."""

    def make(customer_id: UUID | None = None, **given: Any) -> CustomerRegisteredV1:
        about = {"version": 1, "kind": "individual", "source": "crm", "status": "active", "region": "北京"}
        return CustomerRegisteredV1(customer_id=customer_id or ids.new_id(), **(about | given))

    return make


@pytest.fixture
def ask_bulk(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await ask_bulk("assign", tickets, assignee_id="agent-7")` gives the job over these tickets, or by `over={…}`."""

    async def ask(
        act: str, tickets: Any = (), *, over: Any = None, dry_run: bool = False, **arguments: Any
    ) -> dict[str, Any]:
        over = over or {"tickets": [ticket["id"] for ticket in tickets]}
        body = {"act": act, "arguments": arguments, "over": over, "dry_run": dry_run}
        answer = await client.post("/v1/bulk-jobs", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/bulk-jobs/{answer.json()['id']}"
        return answer.json()

    return ask


@pytest.fixture
def work_bulk(runtime: Any) -> Callable[..., Awaitable[int]]:
    """`await work_bulk()` does all there is to do; with `turns=1, limit=2` one batch of two tickets."""

    async def work(turns: int = 1_000, limit: int = 40) -> int:
        for turn in range(turns):
            async with runtime.database.transaction() as session:
                if not await working.advance(session, now=clock.now(), limit=limit):
                    return turn
        return turns

    return work


@pytest.fixture
def bulk_job(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await bulk_job(job)`: how far it is."""

    async def read(job: dict[str, Any]) -> dict[str, Any]:
        return (await client.get(f"/v1/bulk-jobs/{job['id']}")).json()

    return read


@pytest.fixture
def bulk_results(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, tuple[str, str | None]]]]:
    """`await bulk_results(job)`: what became of each ticket, by its id, and the code of the problem if there was one."""

    async def read(job: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
        url = f"/v1/bulk-jobs/{job['id']}/items"
        items = (await client.get(url, params={"limit": 100})).json()["items"]
        return {item["ticket_id"]: (item["result"], item["code"]) for item in items}

    return read

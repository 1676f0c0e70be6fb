"""Parts of the platform die; the rest goes on, and catches up afterwards."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from careloop_common import ids
from fleet import Fleet

Eventually = Callable[..., Awaitable[Any]]


def customer() -> dict[str, Any]:
    return {"source": "faults", "external_id": ids.new_id().hex, "name": "赵敏", "region": "北京"}


async def test_writes_go_on_while_the_broker_is_down(
    fleet: Fleet, admin: httpx.AsyncClient, complaint: dict[str, Any], eventually: Eventually
) -> None:
    await fleet.kill("nats")
    try:
        registered = await admin.post("/v1/customers", json=customer())
        opened = await admin.post(
            "/v1/tickets", json={**complaint, "customer_id": registered.json()["customer_id"]}
        )
        item = {
            "customer": {"customer_id": registered.json()["customer_id"]},
            "channel": "web",
            "kind": "browse",
            "occurred_at": "2026-11-20T10:00:00+08:00",
        }
        refused = await admin.post("/v1/interactions", json=item)
    finally:
        await fleet.revive("nats")
    assert (registered.status_code, opened.status_code) == (201, 201)
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert refused.headers["retry-after"]

    async def caught_up() -> bool:
        found = (await admin.get(f"/v1/tickets/{opened.json()['id']}")).json()
        return bool(found["region"] == "北京")

    await eventually(caught_up, timeout=30)


async def test_ticketing_and_campaign_work_while_profile_is_down(
    fleet: Fleet, admin: httpx.AsyncClient, complaint: dict[str, Any], eventually: Eventually
) -> None:
    registered = (await admin.post("/v1/customers", json=customer())).json()
    path = f"/v1/customers/{registered['customer_id']}/view"

    async def known() -> bool:
        return bool((await admin.get(path)).json()["profile"]["status"] == "ok")

    await eventually(known)
    for name in ("profile-api", "profile-worker"):
        await fleet.kill(name)
    try:
        opened = await admin.post("/v1/tickets", json={**complaint, "customer_id": registered["customer_id"]})
        messages = await admin.get("/v1/messages", params={"customer_id": registered["customer_id"]})
        view = await admin.get(path)
        profile = await admin.get(f"/v1/customers/{registered['customer_id']}")
    finally:
        for name in ("profile-api", "profile-worker"):
            await fleet.revive(name)
    assert (opened.status_code, messages.status_code) == (201, 200)
    assert view.status_code == 200
    assert view.json()["profile"]["status"] == "missing"
    assert view.json()["tickets"]["status"] == "ok"
    assert (profile.status_code, profile.headers["content-type"]) == (503, "application/problem+json")
    await fleet.ready()


@pytest.mark.timeout(300)
async def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    from run import run

    verdict, journal, _ = await run(kills=5, seed=7, home=tmp_path / "home")
    assert journal.acknowledged > 500
    assert not journal.refused
    assert (verdict.lost, verdict.doubled, verdict.disordered) == ([], [], [])

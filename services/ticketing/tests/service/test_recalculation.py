"""Clocks that run follow a changed calendar by themselves, and a changed policy when somebody says so."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_contracts import TicketSlaRecalculatedV1
from careloop_ticketing.recalculation import handlers, queries, service
from careloop_ticketing.tickets import service as tickets
from sqlalchemy import text

OFFICE = {
    "name": "Office",
    "zone": "Asia/Shanghai",
    "hours": {key: ["09:00-12:00", "13:30-18:00"] for key in ("mon", "tue", "wed", "thu", "fri")},
}


def _clock(ticket, name):
    return next(clock for clock in ticket["clocks"] if clock["name"] == name)


async def test_a_new_version_of_a_calendar_moves_running_clocks_by_itself(
    client, open_ticket, publish_clocks, published, worker_running, eventually, facts
):
    await client.put("/v1/calendars/office", json=OFFICE)
    await publish_clocks(desk={"calendar": "office", "targets": [{"seconds": 36_000}]})
    ticket = await open_ticket()
    before = _clock(ticket, "desk")["due_at"]
    always = {
        "name": "Round the clock",
        "zone": "UTC",
        "hours": {key: ["00:00-24:00"] for key in OFFICE["hours"]},
    }
    always["hours"] |= {"sat": ["00:00-24:00"], "sun": ["00:00-24:00"]}
    assert (await client.put("/v1/calendars/office", json=always)).status_code == 201
    async with worker_running():
        (moved,) = await eventually(lambda: published(TicketSlaRecalculatedV1))
        done = await eventually(lambda: _done(client))
    after = _clock((await client.get(f"/v1/tickets/{ticket['id']}")).json(), "desk")["due_at"]
    assert moved.due_before.isoformat().replace("+00:00", "Z") == before != after
    assert (done["cause"], done["subject"], done["version"], done["moved"]) == ("calendar", "office", 2, 1)
    assert (await facts(ticket))[-1] == "recalculated"
    history = (await client.get(f"/v1/tickets/{ticket['id']}/history")).json()["items"][-1]
    assert "of office from" in history["after"]["desk"]["why"]


async def _done(client):
    items = (await client.get("/v1/sla-recalculations")).json()["items"]
    return items[0] if items and items[0]["state"] == "done" else None


async def test_a_policy_is_applied_to_what_runs_when_somebody_says_so(
    client, open_ticket, publish_policy, worker_running, eventually
):
    running = await open_ticket()
    stopped = await open_ticket()
    await client.post(f"/v1/tickets/{stopped['id']}/resolve", json={})
    version = await publish_policy(resolution=7200)
    preview = await client.post(
        "/v1/sla-recalculations/preview", json={"policy": await _document(client, version)}
    )
    assert {name: preview.json()[name] for name in ("examined", "moved", "late")} == {
        "examined": 2,
        "moved": 1,
        "late": 0,
    }
    asked = await client.post("/v1/sla-recalculations", json={"version": version})
    assert asked.status_code == 202
    again = await client.post("/v1/sla-recalculations", json={"version": version})
    assert (again.status_code, again.json()["code"]) == (409, "recalculation_under_way")
    async with worker_running():
        done = await eventually(lambda: _done(client))
    assert (done["examined"], done["moved"], done["late"]) == (2, 1, 0)
    shown = (await client.get(f"/v1/tickets/{running['id']}")).json()
    assert (_clock(shown, "resolution")["target_seconds"], shown["policy_version"]) == (7200, version)
    frozen = (await client.get(f"/v1/tickets/{stopped['id']}")).json()
    assert _clock(frozen, "resolution")["target_seconds"] == 86400


async def _document(client, version):
    document = (await client.get(f"/v1/sla-policies/{version}")).json()["document"]
    return _bare(document)


def _bare(value):
    if isinstance(value, dict):
        return {name: _bare(item) for name, item in value.items() if item is not None}
    return [_bare(item) for item in value] if isinstance(value, list) else value


async def test_unknown_policies_are_not_applied(client):
    answer = await client.post("/v1/sla-recalculations", json={"version": 99})
    assert (answer.status_code, answer.json()["code"]) == (404, "sla_policy_not_found")
    answer = await client.post("/v1/sla-recalculations/preview", json={})
    assert answer.status_code == 422


async def test_a_policy_that_forbids_a_pause_ends_it_when_it_is_applied(
    client, open_ticket, act, publish_clocks, worker_running, eventually
):
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "pause", reason="waiting_for_customer")
    document = await publish_clocks()
    document["clocks"]["resolution"]["pauses"] = []
    version = (await client.put("/v1/sla-policies", json=document)).json()["version"]
    await client.post("/v1/sla-recalculations", json={"version": version})
    async with worker_running():
        await eventually(lambda: _done(client))
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], _clock(shown, "resolution")["state"]) == ("handling", "running")


@pytest.fixture
def spoil(runtime):
    """`await spoil(ticket)`: nobody can read how far its clocks are on their ladders."""

    async def store(ticket):
        async with runtime.database.transaction() as session:
            spoiled = text("UPDATE sla_clock SET steps = '?' WHERE subject_id = :id")
            await session.execute(spoiled, {"id": UUID(ticket["id"])})

    return store


async def test_a_ticket_that_cannot_be_read_is_set_aside_and_the_others_follow(
    client, open_ticket, publish_policy, apply, spoil
):
    tickets = [await open_ticket() for _ in range(5)]
    await spoil(tickets[2])
    version = await publish_policy(resolution=7200)
    document = await _document(client, version)
    preview = await client.post("/v1/sla-recalculations/preview", json={"policy": document})
    assert (preview.json()["examined"], preview.json()["open"]) == (4, 5)
    done = await apply(version)
    assert {name: done[name] for name in ("examined", "moved", "set_aside")} == {
        "examined": 4,
        "moved": 4,
        "set_aside": 1,
    }
    (aside,) = (await client.get(f"/v1/sla-recalculations/{done['id']}/set-aside")).json()["items"]
    assert (aside["ticket_id"], aside["reason"].partition(":")[0]) == (tickets[2]["id"], "AttributeError")
    nowhere = f"/v1/sla-recalculations/{aside['ticket_id']}/set-aside"
    assert (await client.get(nowhere)).json()["code"] == "recalculation_not_found"


async def test_a_ticket_that_was_set_aside_is_no_reason_to_begin_again_at_once(
    runtime, client, open_ticket, publish_clocks, worker_running, eventually, spoil
):
    await client.put("/v1/calendars/office", json=OFFICE)
    await publish_clocks(desk={"calendar": "office", "targets": [{"seconds": 36_000}]})
    await spoil(await open_ticket())
    await client.put("/v1/calendars/office", json=OFFICE | {"name": "The office"})
    async with worker_running():
        assert (await eventually(lambda: _done(client)))["set_aside"] == 1

    async def begun(now):
        async with runtime.database.transaction() as session:
            await service.notice_calendars(session, now=now)
            return await queries.backlog(session)

    assert (await begun(clock.now()))[0] == 0
    assert (await begun(clock.now() + timedelta(hours=2)))[0] == 1


async def test_a_ticket_in_somebodys_hands_holds_up_no_other_and_follows_when_it_is_free(
    runtime, client, open_ticket, publish_policy, eventually
):
    found = [await open_ticket() for _ in range(4)]
    version = await publish_policy(resolution=7200)
    assert (await client.post("/v1/sla-recalculations", json={"version": version})).status_code == 202

    async def followed(some):
        answers = [await client.get(f"/v1/tickets/{ticket['id']}") for ticket in some]
        return all(answer.json()["policy_version"] == version for answer in answers)

    async with runtime.database.transaction() as session:
        await tickets.lock(session, found[0]["id"])
        working = asyncio.create_task(handlers.work(runtime))
        await eventually(lambda: followed(found[1:]))
        assert not working.done()
    assert await working
    assert await followed(found)
    assert not await handlers.work(runtime)
    assert (await _done(client))["examined"] == len(found)

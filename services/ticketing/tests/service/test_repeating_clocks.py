"""Clocks of which one follows the other, and clocks that outlive what they were for."""

from datetime import timedelta

import pytest
from careloop_common import clock
from careloop_contracts import TicketSlaBreachedV1
from careloop_ticketing import defaults

LADDER = [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}]
UPDATE = {
    "start": ["responded"],
    "stop": ["responded"],
    "repeats": True,
    "targets": [{"seconds": 3600}],
    "ladders": [{"ladder": "std"}],
}


@pytest.fixture
def publish(client):
    """`await publish(update={…})`: a policy of these clocks alone; gives its version."""

    async def put(**clocks):
        document = defaults.sla_policy() | {"clocks": clocks, "ladders": {"std": LADDER}}
        answer = await client.put("/v1/sla-policies", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()["version"]

    return put


@pytest.fixture
def figures(client):
    async def read():
        now = clock.now()
        span = {
            "opened_from": (now - timedelta(hours=1)).isoformat(),
            "opened_until": (now + timedelta(hours=1)).isoformat(),
        }
        (group,) = (await client.get("/v1/ticket-kpis", params=span)).json()["groups"]
        return group["attainment"]

    return read


@pytest.fixture
def recalculated(client, worker_running, eventually):
    """Runs the worker until nothing is left to be recalculated."""

    async def done():
        items = (await client.get("/v1/sla-recalculations")).json()["items"]
        return items if items and all(one["state"] == "done" for one in items) else None

    async def run():
        async with worker_running():
            return await eventually(done)

    return run


async def test_each_of_a_clock_that_repeats_is_stopped_and_counted(
    client, publish, open_ticket, act, figures
):
    await publish(update=UPDATE)
    ticket = await open_ticket()
    for _ in range(3):
        await act(ticket, "respond")
    update = (await figures())["update"]
    assert (update["numerator"], update["denominator"], update["excluded"]) == (2, 2, 1)
    shares = (await client.get(f"/v1/tickets/{ticket['id']}/shares")).json()["clocks"]
    assert [one["instance"] for one in shares] == [1, 2, 3]


async def test_a_miss_is_told_also_if_the_next_one_began_before_anybody_saw_it(
    client, publish, open_ticket, act, published, worker_running, eventually
):
    await publish(update=UPDATE | {"targets": [{"seconds": 1}]})
    ticket = await open_ticket()
    await act(ticket, "respond")
    missed = []
    for _ in range(2):
        missed += await eventually(lambda: _late(client, ticket))
        await act(ticket, "respond")
    await eventually(lambda: _late(client, ticket))
    async with worker_running():
        breaches = await eventually(lambda: _as_many(published, 3))
    assert [breach.due_at.isoformat() for breach in breaches[:2]] == missed


async def _late(client, ticket):
    (update,) = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
    return [update["breached_at"].replace("Z", "+00:00")] if update["breached_at"] else None


async def _as_many(published, count):
    found = await published(TicketSlaBreachedV1)
    return found if len(found) >= count else None


async def test_a_changed_calendar_reaches_the_present_one_and_comes_to_an_end(
    client, publish, open_ticket, act, recalculated
):
    hours = {
        "name": "Day",
        "zone": "UTC",
        "hours": {key: ["00:00-23:00"] for key in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    }
    assert (await client.put("/v1/calendars/day", json=hours)).status_code == 201
    await publish(update=UPDATE | {"calendar": "day"})
    ticket = await open_ticket()
    await act(ticket, "respond")
    await act(ticket, "respond")
    longer = hours | {"hours": {key: ["00:00-23:30"] for key in hours["hours"]}}
    assert (await client.put("/v1/calendars/day", json=longer)).status_code == 201
    (done,) = await recalculated()
    assert (done["cause"], done["examined"]) == ("calendar", 1)


async def test_what_still_runs_when_a_ticket_is_archived_ends_with_it(client, publish, open_ticket, act):
    await publish(update=UPDATE)
    ticket = await open_ticket()
    await act(ticket, "resolve")
    archived = (await client.post(f"/v1/tickets/{ticket['id']}/satisfaction", json={"reply": "很好"})).json()
    assert archived["score"] == 5
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    (update,) = shown["clocks"]
    assert (shown["status"], update["state"], update["cancelled"]) == ("archived", "stopped", True)


async def test_a_clock_that_the_new_policy_leaves_out_stops_as_it_was_to(
    client, publish, open_ticket, act, recalculated
):
    answer = UPDATE | {"start": ["opened"], "repeats": False}
    resolution = answer | {"stop": ["resolved"]}
    await publish(answer=answer, resolution=resolution)
    ticket = await open_ticket()
    version = await publish(resolution=resolution)
    await client.post("/v1/sla-recalculations", json={"version": version})
    await recalculated()
    shown = await act(ticket, "respond")
    states = {one["name"]: one["state"] for one in shown["clocks"]}
    assert states == {"answer": "stopped", "resolution": "running"}


async def test_a_late_clock_that_may_wait_no_more_lets_its_ticket_go_on(
    client, publish, open_ticket, act, recalculated, eventually
):
    patient = UPDATE | {
        "start": ["opened"],
        "stop": ["resolved"],
        "repeats": False,
        "targets": [{"seconds": 1}],
        "pausable": '!vip && tier != "advanced" && severity != "critical"',
        "pauses": [{"reason": "waiting_for_customer"}],
    }
    await publish(c=patient)
    ticket = await open_ticket()
    await act(ticket, "respond")

    async def late():
        (one,) = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
        return one["breached_at"]

    await eventually(late)
    await act(ticket, "pause", reason="waiting_for_customer")
    version = await publish(c=patient | {"pauses": []})
    await client.post("/v1/sla-recalculations", json={"version": version})
    await recalculated()
    shown = (await client.get(f"/v1/tickets/{ticket['id']}")).json()
    assert (shown["status"], shown["clocks"][0]["state"]) == ("handling", "running")

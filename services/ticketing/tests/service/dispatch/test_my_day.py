from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from careloop_common import clock
from careloop_ticketing.dispatch.service import looking
from careloop_ticketing.dispatch.service.looking import day_around


@pytest.fixture
async def wang(client, client_as):
    """Wang Fang's own client; she is an agent."""
    body = {"name": "王芳", "languages": ["zh"], "capacity": 5}
    assert (await client.put("/v1/agents/wang", json=body)).status_code == 201
    return client_as("tickets:read", "tickets:write", actor_id="wang")


async def test_a_day_has_what_is_held_the_most_urgent_first(
    wang, open_ticket, act, publish_policy, eventually, client
):
    later = await open_ticket(subject="慢")
    await publish_policy(first_response=1, resolution=3600)
    soon = await open_ticket(subject="快")
    waits = await open_ticket(subject="等")
    done = await open_ticket(subject="好")
    for ticket in (later, soon, waits, done):
        assert (await wang.post(f"/v1/tickets/{ticket['id']}/take")).status_code == 200
    await act(waits, "respond")
    await act(waits, "pause", reason="waiting_for_customer")
    await act(done, "resolve")
    now = clock.now()
    shift = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat()}
    assert (await client.post("/v1/agents/wang/shifts", json={"items": [shift]})).status_code == 201

    async def overdue():
        found = (await wang.get("/v1/my-day", params={"zone": "UTC"})).json()
        return found if found["overdue"] else None

    day = await eventually(overdue)
    assert [one["subject"] for one in day["tickets"]] == ["快", "慢", "等"]
    assert [(one["overdue"], one["waits_for"]) for one in day["tickets"]] == [
        (True, None),
        (False, None),
        (False, "waiting_for_customer"),
    ]
    figures = ("open", "overdue", "waiting_for_customer", "done_today", "load", "capacity")
    assert [day[name] for name in figures] == [3, 1, 1, 1, 2, 5]
    assert (day["agent_id"], day["name"], day["on_duty"], day["zone"]) == ("wang", "王芳", True, "UTC")
    assert [one["kind"] for one in day["shifts"]] == ["shift"]


async def test_of_many_the_most_urgent_are_shown_and_all_are_counted(
    wang, open_ticket, act, publish_policy, monkeypatch
):
    monkeypatch.setattr(looking, "SHOWN", 1)
    waits = await open_ticket(subject="等")
    later = await open_ticket(subject="慢")
    await publish_policy(first_response=60)
    soon = await open_ticket(subject="快")
    for ticket in (waits, later, soon):
        assert (await wang.post(f"/v1/tickets/{ticket['id']}/take")).status_code == 200
    await act(waits, "respond")
    await act(waits, "pause", reason="waiting_for_customer")
    day = (await wang.get("/v1/my-day")).json()
    assert [one["subject"] for one in day["tickets"]] == ["快"]
    assert [day[name] for name in ("open", "overdue", "waiting_for_customer", "load")] == [3, 0, 1, 2]


async def test_the_day_of_somebody_else_is_for_supervisors(wang, client):
    assert (await client.get("/v1/my-day", params={"agent_id": "wang"})).json()["agent_id"] == "wang"
    refused = await wang.get("/v1/my-day", params={"agent_id": "test-user"})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    nobody = await client.get("/v1/my-day")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "agent_not_found")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "localtime", "right/UTC"])
async def test_a_zone_that_does_not_exist_is_refused(wang, zone):
    answer = await wang.get("/v1/my-day", params={"zone": zone})
    assert (answer.status_code, answer.json()["code"]) == (422, "zone_unknown")


def test_a_day_lasts_from_midnight_to_midnight_where_one_is():
    now = datetime(2026, 3, 28, 20, tzinfo=UTC)
    start, end = day_around(now, ZoneInfo("Asia/Shanghai"))
    assert (start, end) == (datetime(2026, 3, 28, 16, tzinfo=UTC), datetime(2026, 3, 29, 16, tzinfo=UTC))
    start, end = day_around(now + timedelta(hours=4), ZoneInfo("Europe/Berlin"))
    assert end - start == timedelta(hours=23), "the clocks go forward"

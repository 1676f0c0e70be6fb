"""Nothing that is published may keep complaints from being opened, or their clocks from being heard."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from careloop_common.tokens import Actor
from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars import sources
from careloop_ticketing.recalculation import handlers as recalculation
from careloop_ticketing.sla import handlers

HOURLY = {"name": "An hour a week", "zone": "Asia/Shanghai", "hours": {"mon": ["09:00-10:00"]}}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = HOURLY | {"name": "Office", "hours": {day: ["09:00-17:00"] for day in WEEKDAYS}}
SIXTY_DAYS = 60 * 86400


@pytest.fixture
def put_policy(client, two_clocks):
    """`await put_policy("office", seconds=…)`: the shipped policy with a clock `desk` by that calendar."""

    async def put(calendar, seconds=SIXTY_DAYS, later=None):
        document = two_clocks()
        desk = {"start": ["opened"], "stop": ["resolved"], "calendar": calendar}
        steps = [{"name": "breach", "percent": 100, "action": "remind"}]
        if later:
            steps.append({"name": "later", "after_seconds": later, "action": "remind"})
        document["ladders"]["desk"] = steps
        document["clocks"]["desk"] = desk | {
            "targets": [{"seconds": seconds}],
            "ladders": [{"ladder": "desk"}],
        }
        return await client.put("/v1/sla-policies", json=document)

    return put


@pytest.fixture
def put_calendar(client):
    async def put(code, document):
        return await client.put(f"/v1/calendars/{code}", json=document)

    return put


@pytest.fixture
def make_thin(runtime):
    """`await make_thin()`: the calendar `desk` has an hour a week, asked or not what it has to hold."""

    async def publish(**change):
        actor, now = Actor(id="before-the-check", scopes=frozenset()), datetime.now(UTC)  # noqa: TID251
        async with runtime.database.transaction() as session:
            await calendars.publish(session, "desk", HOURLY | change, actor=actor, now=now)

    return publish


@pytest.mark.parametrize(
    ("terms", "place"),
    [({}, "targets/0/seconds"), ({"seconds": 60, "later": SIXTY_DAYS}, "ladders/0/ladder")],
)
async def test_a_promise_that_its_calendar_does_not_hold_is_refused(
    client, open_ticket, put_policy, put_calendar, terms, place
):
    await put_calendar("desk", HOURLY)
    answer = await put_policy("desk", **terms)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert body["errors"][0]["pointer"] == f"/clocks/desk/{place}"
    assert len((await client.get("/v1/sla-policies")).json()["items"]) == 1
    assert "desk" not in [clock["name"] for clock in (await open_ticket())["clocks"]]


async def test_a_calendar_that_does_not_hold_what_the_active_policy_promises_is_refused(
    client, open_ticket, put_policy, put_calendar
):
    await put_calendar("desk", OFFICE)
    assert (await put_policy("desk")).status_code == 201
    preview = {"document": HOURLY, "cases": [{"start": "2026-05-04T08:00:00+02:00", "seconds": 60}]}
    for answer in (
        await put_calendar("desk", HOURLY),
        await client.post("/v1/calendars/desk/preview", json=preview),
        await client.post(
            "/v1/sla-recalculations/preview", json={"calendar": {"code": "desk", "document": HOURLY}}
        ),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_calendar")
        assert "'desk'" in answer.json()["detail"]
    assert (await client.get("/v1/calendars/desk")).json()["version"] == 1
    assert (await put_calendar("other", HOURLY)).status_code == 201
    assert (await open_ticket())["id"]


async def test_complaints_come_in_even_if_a_calendar_of_an_older_policy_became_thinner(
    open_ticket, act, put_policy, put_calendar, publish_policy, make_thin
):
    await put_calendar("desk", OFFICE)
    await put_policy("desk")
    ticket = await open_ticket()
    await publish_policy()
    await make_thin()
    resolved = await act(ticket, "resolve", outcome="solved")
    assert {clock["name"]: clock["state"] for clock in resolved["clocks"]}["desk"] == "stopped"


async def test_a_calendar_is_refused_that_does_not_hold_what_running_clocks_were_promised(
    client, open_ticket, act, put_policy, put_calendar, publish_policy
):
    """The clock keeps its policy but counts by the new calendar: it would never run out, and nobody would know."""
    await put_calendar("desk", OFFICE)
    promised = (await put_policy("desk")).json()["version"]
    ticket = await open_ticket()
    await publish_policy()
    preview = {"document": HOURLY, "cases": [{"start": "2026-05-04T08:00:00+02:00", "seconds": 60}]}
    for answer in (
        await put_calendar("desk", HOURLY),
        await client.post("/v1/calendars/desk/preview", json=preview),
    ):
        body = answer.json()
        assert (answer.status_code, body["code"]) == (422, "invalid_calendar")
        assert (body["clock"], body["policy_version"]) == ("desk", promised)
        assert "under which clocks still run" in body["detail"]
    assert (await client.get("/v1/calendars/desk")).json()["version"] == 1
    await act(ticket, "resolve", outcome="solved")
    assert (await put_calendar("desk", HOURLY)).status_code == 201


async def test_the_days_off_of_a_file_are_held_against_running_clocks_too(
    client, open_ticket, put_policy, put_calendar, publish_policy
):
    await put_calendar("desk", HOURLY)
    # All the Mondays of eleven years but nine.
    await put_policy("desk", seconds=565 * 3600)
    await open_ticket()
    await publish_policy()
    event = "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTART;VALUE=DATE:{1}\r\nSUMMARY:off\r\nEND:VEVENT\r\n"
    mondays = [date(2040, 1, 2) + timedelta(weeks=week) for week in range(60)]
    events = "".join(event.format(day, f"{day:%Y%m%d}") for day in mondays[::4])
    file = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{events}END:VCALENDAR\r\n"
    answer = await client.post(
        "/v1/calendars/desk/import", content=file, headers={"content-type": "text/calendar"}
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["clock"]) == (
        422,
        "invalid_calendar",
        "desk",
    )
    assert (await client.get("/v1/calendars/desk")).json()["version"] == 1


async def test_a_policy_that_the_calendars_no_longer_hold_is_not_applied_to_what_runs(
    client, open_ticket, put_policy, put_calendar, make_thin
):
    await put_calendar("desk", OFFICE)
    version = (await put_policy("desk")).json()["version"]
    await open_ticket()
    await make_thin()
    answer = await client.post("/v1/sla-recalculations", json={"version": version})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "invalid_sla_policy")
    assert body["errors"][0]["pointer"] == "/version"
    assert "/clocks/desk/targets/0/seconds" in body["detail"]
    assert (await client.get("/v1/sla-recalculations")).json()["items"] == []


async def test_of_a_policy_and_a_calendar_that_do_not_go_together_one_is_refused(
    client, put_policy, put_calendar, publish_policy
):
    """Each is held against the other as it is when it is its turn, not as it was when the request came."""
    for _ in range(8):
        await put_calendar("desk", OFFICE)
        both = await asyncio.gather(put_policy("desk"), put_calendar("desk", HOURLY))
        assert sorted(answer.status_code for answer in both) == [201, 422]
        await publish_policy()


async def test_a_calendar_is_not_renewed_to_what_its_clocks_cannot_live_with_and_the_others_are(
    client, runtime, open_ticket, put_policy, put_calendar, publish_policy, make_thin, monkeypatch
):
    await put_calendar("desk", OFFICE)
    await put_policy("desk")
    await open_ticket()
    await publish_policy()
    await make_thin(holidays="CN")
    monkeypatch.setattr(sources, "_last_official_year_of_china", lambda year: 2027)
    await handlers.renew_calendars(runtime)
    versions = {item["code"]: item["version"] for item in (await client.get("/v1/calendars")).json()["items"]}
    assert (versions["desk"], versions["cn-business"]) == (2, 2)


async def test_a_recalculation_comes_through_even_if_its_calendar_holds_nothing_of_what_was_promised(
    client, runtime, open_ticket, put_policy, put_calendar, publish_policy, make_thin
):
    await put_calendar("desk", OFFICE)
    await put_policy("desk")
    ticket = await open_ticket()
    await publish_policy()
    await make_thin()
    for _ in range(3):
        await recalculation.work(runtime)
    (item,) = (await client.get("/v1/sla-recalculations")).json()["items"]
    assert (item["state"], item["moved"]) == ("done", 1)
    clocks = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
    assert {clock["name"]: clock["due_at"] for clock in clocks}["desk"] is None
    await put_calendar("desk", OFFICE)
    for _ in range(3):
        await recalculation.work(runtime)
    clocks = (await client.get(f"/v1/tickets/{ticket['id']}")).json()["clocks"]
    assert {clock["name"]: clock["due_at"] for clock in clocks}["desk"] is not None

"""Nothing that is published may keep complaints from being opened, or their clocks from being heard."""

import pytest
from careloop_ticketing import defaults

HOURLY = {"name": "An hour a week", "zone": "Asia/Shanghai", "hours": {"mon": ["09:00-10:00"]}}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
OFFICE = HOURLY | {"name": "Office", "hours": {day: ["09:00-17:00"] for day in WEEKDAYS}}
SIXTY_DAYS = 60 * 86400


@pytest.fixture
def put_policy(client):
    """`await put_policy("office", seconds=…)`: the shipped policy with a clock `desk` by that calendar."""

    async def put(calendar, seconds=SIXTY_DAYS, later=None):
        document = defaults.sla_policy()
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
    open_ticket, act, put_policy, put_calendar, publish_policy
):
    await put_calendar("desk", OFFICE)
    await put_policy("desk")
    ticket = await open_ticket()
    await publish_policy()
    assert (await put_calendar("desk", HOURLY)).status_code == 201
    resolved = await act(ticket, "resolve", outcome="solved")
    assert {clock["name"]: clock["state"] for clock in resolved["clocks"]}["desk"] == "stopped"

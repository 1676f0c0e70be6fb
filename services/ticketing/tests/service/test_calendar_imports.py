"""Days of iCalendar files: what a file may close, and what it would move."""

from datetime import datetime, timedelta

import pytest

OFFICE = {
    "name": "Office",
    "zone": "Europe/Berlin",
    "hours": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]},
}
AS_ICS = {"content-type": "text/calendar"}
ONE_DAY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:{day:%Y%m%d}
SUMMARY:Stocktaking
END:VEVENT
END:VCALENDAR
"""
WEEKLY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260504
RRULE:FREQ=WEEKLY;BYDAY={days}
SUMMARY:Closed
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def publish(client):
    async def put():
        assert (await client.put("/v1/calendars/office", json=OFFICE)).status_code == 201

    return put


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_file_that_takes_every_working_day_of_the_calendar_is_refused(client, publish, dry_run):
    await publish()
    answer = await client.post(
        "/v1/calendars/office/import",
        params={"dry_run": dry_run},
        content=WEEKLY.format(days="MO,TU"),
        headers=AS_ICS,
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_icalendar")
    assert "nobody would work for" in answer.json()["detail"]
    assert (await client.get("/v1/calendars/office")).json()["version"] == 1


async def test_a_file_that_takes_other_days_is_not_counted_among_the_working_ones(client, publish):
    await publish()
    answer = await client.post(
        "/v1/calendars/office/import",
        content=WEEKLY.format(days="WE,TH,FR,SA,SU").replace("0504", "0506"),
        headers=AS_ICS,
    )
    assert (answer.status_code, answer.json()["changed"]) == (201, 0)
    assert answer.json()["days"] > 1_000


async def test_a_dry_run_says_how_many_days_and_what_would_move_and_stores_nothing(
    client, publish_clocks, open_ticket
):
    always = {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    published = await client.put("/v1/calendars/desk", json=OFFICE | {"zone": "UTC", "hours": always})
    assert published.status_code == 201
    await publish_clocks(desk={"calendar": "desk", "targets": [{"seconds": 10 * 86_400}]})
    ticket = await open_ticket()
    since = datetime.fromisoformat(ticket["opened_at"]).date() + timedelta(days=2)
    file = ONE_DAY.format(day=since)
    tried = await client.post(
        "/v1/calendars/desk/import", params={"dry_run": True}, content=file, headers=AS_ICS
    )
    body = tried.json()
    assert (tried.status_code, body["version"], body["days"], body["changed"]) == (200, None, 1, 1)
    assert "location" not in tried.headers
    effect = body["effect"]
    assert (effect["examined"], effect["open"], effect["moved"], effect["late"]) == (1, 1, 1, 0)
    assert [(one["clock"], one["effect"]) for one in effect["examples"]] == [("desk", "moved")]
    assert (await client.get("/v1/calendars/desk")).json()["version"] == 1
    done = await client.post("/v1/calendars/desk/import", content=file, headers=AS_ICS)
    assert (done.status_code, done.json()["version"], done.json()["effect"]) == (201, 2, None)

"""Days of iCalendar files: what a file may close, and what it would move."""

from calendar import isleap
from datetime import date, datetime, timedelta

import pytest
from careloop_common import clock
from careloop_common.tokens import SYSTEM
from careloop_ticketing.calendars import service as calendars

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


@pytest.fixture
def notice():
    """The official notice for the year after next: two days off, one of them no festival, and one made up for."""
    year = clock.now().year + 2
    event = ("BEGIN:VEVENT\nUID:{uid}\nDTSTART;VALUE=DATE:{year}{day}\nSUMMARY:{name}\nEND:VEVENT\n").format
    days = [("0101", "元旦"), ("0311", "植树节"), ("0109", "元旦(班)")]
    events = "".join(event(uid=uid, year=year, day=day, name=name) for uid, (day, name) in enumerate(days))
    return year, f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\n{events}END:VCALENDAR\n"


async def test_days_of_the_official_notice_are_final_and_replace_what_was_guessed(client, notice, runtime):
    year, file = notice
    address = "/v1/calendars/cn-business"
    asked = {"from": f"{year}-01-01T00:00:00+08:00", "until": f"{year + 1}-01-01T00:00:00+08:00"}
    guessed = (await client.get(f"{address}/answer", params=asked)).json()
    assert guessed["provisional"]
    through = {"official_through": f"{year}-12-31"}
    tried = await client.post(
        f"{address}/import", params=through | {"dry_run": True}, content=file, headers=AS_ICS
    )
    assert (tried.status_code, tried.json()["valid_through"]) == (200, f"{year}-12-31")
    done = await client.post(f"{address}/import", params=through, content=file, headers=AS_ICS)
    assert (done.status_code, done.json()["valid_through"]) == (201, f"{year}-12-31")
    final = (
        await client.get(f"{address}/answer", params=asked | {"until": f"{year}-12-31T23:00:00+08:00"})
    ).json()
    assert not final["provisional"]
    days = {date(year, 1, 1) + timedelta(days=number) for number in range(365 + isleap(year))}
    worked = {day for day in days if day.weekday() < 5} - {date(year, 1, 1), date(year, 3, 11)}
    assert final["seconds"] == len(worked | {date(year, 1, 9)}) * 7.5 * 3600
    async with runtime.database.transaction() as session:
        assert await calendars.renew(session, "cn-business", actor=SYSTEM, now=clock.now()) is None


async def test_nothing_is_official_further_than_a_calendar_reaches(client, notice):
    _, file = notice
    answer = await client.post(
        "/v1/calendars/cn-business/import",
        params={"official_through": "2190-12-31"},
        content=file,
        headers=AS_ICS,
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_calendar")
    assert (await client.get("/v1/calendars/cn-business")).json()["version"] == 1

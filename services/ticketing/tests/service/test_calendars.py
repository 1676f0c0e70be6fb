import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from careloop_common.tokens import Actor
from careloop_ticketing.calendars import service
from careloop_ticketing.calendars.errors import CalendarNotFound

OFFICE = {
    "name": "Office",
    "zone": "Europe/Berlin",
    "hours": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]},
}
ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260504
SUMMARY:Stocktaking
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20260504T090000Z
SUMMARY:A meeting
END:VEVENT
END:VCALENDAR
"""
AS_ICS = {"content-type": "text/calendar"}
MONDAY = "2026-05-04T08:00:00+02:00"


@pytest.fixture
def publish(client):
    async def put(code="office", **change):
        answer = await client.put(f"/v1/calendars/{code}", json=OFFICE | change)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return put


@pytest.fixture
def ask(client):
    async def get(code, **question):
        question = {"from" if name == "since" else name: value for name, value in question.items()}
        return await client.get(f"/v1/calendars/{code}/answer", params=question)

    return get


async def test_the_shipped_calendars_are_there(client):
    listed = (await client.get("/v1/calendars")).json()["items"]
    assert [(item["code"], item["version"], item["created_by"]) for item in listed] == [
        ("always", 1, "system"),
        ("cn-business", 1, "system"),
    ]
    assert [item["valid_through"] for item in listed] == [None, "2026-12-31"]
    assert listed[1]["document"]["holidays"] == "CN"


async def test_why_it_is_due_then(ask):
    answer = await ask("cn-business", since="2026-02-13T17:00:00+08:00", seconds=12 * 3600)
    told = answer.json()
    assert (told["end"], told["provisional"]) == ("2026-02-24T06:00:00Z", False)
    assert (told["seconds"], told["more_intervals"]) == (12 * 3600, False)
    assert [interval["start"][:10] for interval in told["intervals"]] == [
        "2026-02-13",
        *["2026-02-14"] * 2,
        *["2026-02-24"] * 2,
    ]


async def test_what_is_due_in_an_unpublished_year_is_provisional(ask):
    told = (await ask("cn-business", since="2026-12-31T17:00:00+08:00", seconds=7200)).json()
    assert (told["provisional"], told["valid_through"]) == (True, "2026-12-31")


async def test_how_much_working_time_lies_between(ask):
    told = (await ask("cn-business", since="2026-02-13T09:00:00.5Z", until="2026-02-24T06:00:00Z")).json()
    assert told["seconds"] == 12 * 3600 - 0.5


async def test_no_more_than_100_intervals_are_shown(ask):
    told = (await ask("cn-business", since="2026-02-13T09:00:00Z", seconds=3600 * 1000)).json()
    assert (len(told["intervals"]), told["more_intervals"]) == (100, True)


async def test_round_the_clock(ask):
    told = (await ask("always", since="1999-12-31T23:00:00Z", seconds=7200)).json()
    assert (told["end"], told["seconds"], len(told["intervals"])) == ("2000-01-01T01:00:00Z", 7200, 1)


async def test_a_new_version_answers_from_now_on_and_the_old_one_when_asked(client, publish, ask):
    assert (await publish())["version"] == 1
    answer = await client.put(
        "/v1/calendars/office", json=OFFICE | {"exceptions": [{"date": "2026-05-04", "kind": "off"}]}
    )
    assert (answer.json()["version"], answer.headers["location"]) == (2, "/v1/calendars/office/versions/2")
    new = (await ask("office", since=MONDAY, seconds=3600)).json()
    old = (await ask("office", since=MONDAY, seconds=3600, version=1)).json()
    assert (new["version"], new["end"]) == (2, "2026-05-05T08:00:00Z")
    assert (old["version"], old["end"]) == (1, "2026-05-04T08:00:00Z")
    shown = [(await client.get(path)).json() for path in ("/v1/calendars/office", answer.headers["location"])]
    assert shown[0] == shown[1] == answer.json()
    first = (await client.get("/v1/calendars/office/versions/1")).json()
    assert first["document"]["exceptions"] == []


async def test_the_list_pages_by_code(client, publish):
    await publish("berlin")
    first = (await client.get("/v1/calendars", params={"limit": 2})).json()
    rest = (await client.get("/v1/calendars", params={"cursor": first["next_cursor"]})).json()
    codes = [item["code"] for item in first["items"] + rest["items"]]
    assert codes == ["always", "berlin", "cn-business"]
    assert rest["next_cursor"] is None


async def test_versions_that_are_published_at_once_get_numbers_of_their_own(publish):
    published = await asyncio.gather(*(publish() for _ in range(5)))
    assert sorted(calendar["version"] for calendar in published) == [1, 2, 3, 4, 5]


WRONG = [
    ({"zone": "Asia/Atlantis"}, "invalid_calendar", "/zone"),
    ({"zone": "../etc/passwd"}, "validation_failed", "/zone"),
    ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "invalid_calendar", "/hours/mon"),
    ({"hours": {"mon": ["25:00-26:00"]}}, "validation_failed", "/hours/mon/0"),
    ({"hours": {}}, "invalid_calendar", "/hours"),
    ({"hours": {"someday": []}}, "validation_failed", "/hours/someday"),
    ({"holidays": "ZZ"}, "invalid_calendar", "/holidays"),
    (
        {"exceptions": [{"date": "2200-01-01", "kind": "off"}]},
        "invalid_calendar",
        "/exceptions/0/date",
    ),
    ({"exceptions": [{"date": "2026-05-04", "kind": "half"}]}, "validation_failed", "/exceptions/0/kind"),
]


@pytest.mark.parametrize(("change", "code", "pointer"), WRONG)
async def test_a_calendar_that_does_not_fit_together_is_refused(client, change, code, pointer):
    answer = await client.put("/v1/calendars/office", json=OFFICE | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await client.get("/v1/calendars/office")).status_code == 404


async def test_a_preview_shows_what_would_move_and_stores_nothing(client, publish):
    await publish()
    proposed = OFFICE | {"exceptions": [{"date": "2026-05-04", "kind": "off"}]}
    cases = [
        {"start": MONDAY, "seconds": 3600},
        {"start": "2026-06-01T08:00:00+02:00", "seconds": 3600},
        {"start": MONDAY, "seconds": 20 * 366 * 86400},
    ]
    answer = await client.post("/v1/calendars/office/preview", json={"document": proposed, "cases": cases})
    told = answer.json()
    assert (told["active_version"], told["moved"]) == (1, 1)
    assert [case["moved_seconds"] for case in told["cases"]] == [86400, 0, None]
    assert told["cases"][0]["proposed"] == {"due_at": "2026-05-05T08:00:00Z", "provisional": False}
    assert (await client.get("/v1/calendars/office")).json()["version"] == 1


async def test_a_preview_of_a_new_calendar(client):
    cases = [{"start": MONDAY, "seconds": 3600}]
    answer = await client.post("/v1/calendars/new/preview", json={"document": OFFICE, "cases": cases})
    assert (answer.json()["active_version"], answer.json()["cases"][0]["active"]) == (None, None)
    assert (await client.get("/v1/calendars/new")).status_code == 404


async def test_an_icalendar_file_becomes_a_version_with_a_report(client, publish, ask):
    await publish(exceptions=[{"date": "2026-05-05", "kind": "off"}])
    answer = await client.post("/v1/calendars/office/import", content=ICS, headers=AS_ICS)
    told = answer.json()
    assert (answer.status_code, told["version"], told["skipped_total"]) == (201, 2, 1)
    assert told["taken"] == [{"date": "2026-05-04", "kind": "off", "name": "Stocktaking"}]
    assert told["skipped"] == [{"name": "A meeting", "date": None, "reason": "not_all_day"}]
    assert (await ask("office", since=MONDAY, seconds=3600)).json()["end"] == "2026-05-11T08:00:00Z"


async def test_files_that_are_imported_at_once_are_all_taken_in(client, publish):
    await publish()
    bodies = [ICS.replace("20260504", f"202605{day:02}") for day in range(11, 16)]
    path = "/v1/calendars/office/import"
    await asyncio.gather(*(client.post(path, content=body, headers=AS_ICS) for body in bodies))
    active = (await client.get("/v1/calendars/office")).json()
    assert (active["version"], len(active["document"]["exceptions"])) == (6, 5)


async def test_imported_workdays_have_the_hours_of_a_make_up_workday(client, publish, ask):
    await publish(make_up_hours=["10:00-11:00"])
    body = ICS.replace("20260504", "20260509")
    await client.post("/v1/calendars/office/import", params={"kind": "work"}, content=body, headers=AS_ICS)
    told = (await ask("office", since="2026-05-06T00:00:00Z", seconds=3600)).json()
    assert told["end"] == "2026-05-09T09:00:00Z"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid_icalendar"),
        (b"\xff\x00", 422, "invalid_icalendar"),
        (ICS.replace("BEGIN:VEVENT", "BEGIN:VJOURNAL").encode(), 422, "invalid_icalendar"),
        (b"x" * (2**20 + 1), 413, "body_too_large"),
    ],
)
async def test_a_file_that_cannot_be_taken_in_is_refused(client, publish, body, status, code):
    await publish()
    answer = await client.post("/v1/calendars/office/import", content=body, headers=AS_ICS)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await client.get("/v1/calendars/office")).json()["version"] == 1


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({}, 422, "unclear_calendar_question"),
        ({"seconds": 1, "until": MONDAY}, 422, "unclear_calendar_question"),
        ({"seconds": -1}, 422, "validation_failed"),
        ({"seconds": 20 * 366 * 86400}, 422, "outside_calendar_horizon"),
        ({"until": "2199-01-01T00:00:00Z"}, 422, "outside_calendar_horizon"),
        ({"seconds": 1, "version": 9}, 404, "calendar_not_found"),
        ({"until": "yesterday"}, 422, "validation_failed"),
    ],
)
async def test_a_question_without_an_answer_is_refused(ask, question, status, code):
    answer = await ask("cn-business", since=MONDAY, **question)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_what_is_not_there_is_not_found(client, ask):
    paths = ["/v1/calendars/none", "/v1/calendars/none/versions/1", "/v1/calendars/always/versions/2"]
    answers = [await client.get(path) for path in paths]
    answers.append(await ask("none", since=MONDAY, seconds=1))
    answers.append(await client.post("/v1/calendars/none/import", content=ICS, headers=AS_ICS))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
        (404, "calendar_not_found")
    }


async def test_only_who_may_write_policies_publishes(client_as):
    client = client_as("tickets:read", "tickets:write", "tickets:supervise")
    preview = {"document": OFFICE, "cases": [{"start": MONDAY, "seconds": 1}]}
    answers = [
        await client.put("/v1/calendars/office", json=OFFICE),
        await client.post("/v1/calendars/office/preview", json=preview),
        await client.post("/v1/calendars/always/import", content=ICS, headers=AS_ICS),
        await client_as("policies:write").get("/v1/calendars"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert (await client.get("/v1/calendars/always")).status_code == 200


async def test_a_version_is_compiled_once_for_a_process(runtime):
    async with runtime.database.transaction() as session:
        first = await service.of(session, "cn-business", await service.current(session, "cn-business"))
    async with runtime.database.transaction() as session:
        assert await service.of(session, "cn-business", 1) is first
        with pytest.raises(CalendarNotFound):
            await service.current(session, "none")


async def test_a_calendar_is_renewed_when_its_holidays_have_been_published(session, monkeypatch):
    from careloop_ticketing.calendars import sources

    # What ships was published just now, from the years around this one; nobody publishes holidays two years ahead.
    actor, now = Actor(id="night-shift", scopes=frozenset()), datetime.now(UTC)  # noqa: TID251
    coming = now.year + 2
    assert await service.renew(session, "always", actor=actor, now=now) is None
    assert await service.renew(session, "cn-business", actor=actor, now=now) is None
    monkeypatch.setattr(sources, "_last_official_year_of_china", lambda year: coming)
    renewed = await service.renew(session, "cn-business", actor=actor, now=now)
    assert (renewed.version, renewed.valid_through) == (2, date(coming, 12, 31))
    due = renewed.to_compiled().add(datetime(coming, 1, 4, tzinfo=UTC), timedelta(hours=1))
    assert not renewed.to_compiled().provisional(due)


async def test_a_calendar_is_renewed_when_half_of_the_way_to_its_horizon_is_behind_it(session):
    actor, published = Actor(id="night-shift", scopes=frozenset()), datetime.now(UTC)  # noqa: TID251
    before = datetime(published.year + 9, 12, 31, tzinfo=UTC)
    assert await service.renew(session, "always", actor=actor, now=before) is None
    renewed = await service.renew(session, "always", actor=actor, now=before + timedelta(days=1))
    assert renewed.version == 2


async def test_an_end_before_the_start_is_refused(publish, ask):
    await publish()
    answer = await ask("office", since=MONDAY, until="2026-05-04T07:00:00+02:00")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "calendar_end_before_start")
    assert body["errors"][0]["pointer"] == "/until"
    assert (await ask("office", since=MONDAY, until=MONDAY)).json()["seconds"] == 0

import time
from datetime import date

import pytest
from careloop_ticketing.calendars import icalendars
from careloop_ticketing.calendars.errors import InvalidICalendar
from hypothesis import given, settings
from hypothesis import strategies as some

HEAD, TAIL = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n", "END:VCALENDAR\r\n"


def file(*events):
    """A file of events, each given as its lines joined by semicolon-free `|`."""
    blocks = [
        "\r\n".join(["BEGIN:VEVENT", f"UID:{number}", *event.split("|"), "END:VEVENT", ""])
        for number, event in enumerate(events)
    ]
    return (HEAD + "".join(blocks) + TAIL).encode()


def read(*events, kind="off"):
    return icalendars.read(file(*events), kind, 2026)


def reasons(report):
    return [event.reason for event in report.skipped]


def test_whole_days_are_taken_and_the_end_is_not_part_of_them():
    report = read("DTSTART;VALUE=DATE:20260501|DTEND;VALUE=DATE:20260503|SUMMARY:劳动节")
    assert [(day.date.day, day.kind, day.name) for day in report.taken.values()] == [
        (1, "off", "劳动节"),
        (2, "off", "劳动节"),
    ]
    assert report.skipped == []


@pytest.mark.parametrize("end", ["", "|DURATION:P1D", "|DTEND;VALUE=DATE:20260501"])
def test_a_day_is_one_day_however_its_end_is_written(end):
    assert list(read(f"DTSTART;VALUE=DATE:20260501{end}").taken) == [date(2026, 5, 1)]


def test_a_mark_of_the_byte_order_is_no_text():
    body = b"\xef\xbb\xbf" + file("DTSTART;VALUE=DATE:20260501")
    assert list(icalendars.read(body, "off", 2026).taken) == [date(2026, 5, 1)]


def test_events_are_workdays_if_the_caller_or_they_say_so():
    assert read("DTSTART;VALUE=DATE:20260509", kind="work").taken[date(2026, 5, 9)].kind == "work"
    said = read(
        "DTSTART;VALUE=DATE:20260509|SUMMARY:劳动节(班)",
        "DTSTART;VALUE=DATE:20260920|X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY",
        "DTSTART;VALUE=DATE:20261010|SUMMARY:国庆节补班",
        "DTSTART;VALUE=DATE:20261001|SUMMARY:国庆节(休)",
    )
    assert [day.kind for day in said.taken.values()] == ["work", "work", "work", "off"]


@pytest.mark.parametrize(
    "name",
    [
        "国庆节（班）",
        "上班(补春节假期)",
        "春节 补班 第1天/共2天",
        "国庆节（调休上班）",
        "除夕（正常上班）",
        "補行上班日",
        "班｜国庆节",
        "[加班]",
        "国庆节上班",
        "春节上班日",
        "国庆节（调班）",
        "国庆节 班",
        "国庆节·班",
        "班 国庆节",
        "国庆节补工作日",
        "工作日（国庆节调休）",
        "Makeup working day",
        "National Day Workday",
        "Working Saturday",
        "National Day (Work)",
        "Special Working Day",
    ],
)
def test_a_make_up_workday_is_known_by_the_names_that_published_files_give_it(name):
    assert read(f"DTSTART;VALUE=DATE:20261010|SUMMARY:{name}").taken[date(2026, 10, 10)].kind == "work"


@pytest.mark.parametrize(
    "name",
    [
        "春节假期",
        "国庆节放假，10月10日上班",
        "国庆节放假（8日上班）",
        "国庆节休息 9日上班",
        "春节假期，初八上班",
        "春节 初八上班",
        "国庆节（10月10日，周六，工作日）",
        "国庆节（10日为工作日）",
        "国庆节（10月10日工作日）",
        "非工作日",
        "国庆节放假调休（10月10日补班）",
        "Special Non-Working Day",
        "Non-workday",
        "International Workers' Day",
        "補假",
    ],
)
def test_a_day_off_is_none_for_what_its_name_says_of_work(name):
    assert read(f"DTSTART;VALUE=DATE:20261010|SUMMARY:{name}").taken[date(2026, 10, 10)].kind == "off"


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        ("DTSTART:20260104T090000", "DTEND:20260104T180000", [date(2026, 1, 4)]),
        ("DTSTART;TZID=Asia/Shanghai:20260104T000000", "DURATION:PT10H", [date(2026, 1, 4)]),
        ("DTSTART:20260103T160000Z", "DTEND:20260103T230000Z", []),
        ("DTSTART:20260104T090000", "DTEND:20260105T180000", []),
        ("DTSTART:20260104T090000", "DTEND:20260104T180000|RRULE:FREQ=YEARLY", []),
    ],
)
def test_a_make_up_workday_with_hours_is_one_unless_nobody_knows_which_day_that_is(start, end, taken):
    report = read(f"{start}|{end}|SUMMARY:元旦 补班 第1天/共1天")
    assert list(report.taken) == taken
    assert reasons(report) == ([] if taken else ["not_all_day"])


def test_from_one_midnight_to_another_is_whole_days():
    midnights = "DTSTART;TZID=Asia/Shanghai:20261001T000000|DTEND;TZID=Asia/Shanghai:20261008T000000"
    assert list(read(midnights).taken) == [date(2026, 10, day) for day in range(1, 8)]
    for other in (
        "DTSTART:20261001T000000Z|DTEND:20261008T000000Z",
        "DTSTART:20261001T000000|DTEND:20261001T235900",
        "DTSTART:20261001T000000",
    ):
        assert reasons(read(other)) == ["not_all_day"]


@pytest.mark.parametrize(
    "mark", ["X-APPLE-SPECIAL-DAY:WORK-HOLIDAY", "DESCRIPTION:Public holiday", "DESCRIPTION:公众假期"]
)
def test_in_a_file_that_says_which_days_are_off_the_others_only_have_a_name(mark):
    report = read(
        f"DTSTART;VALUE=DATE:20261001|SUMMARY:国庆节|{mark}",
        "DTSTART;VALUE=DATE:20261010|SUMMARY:国庆节（班）",
        "DTSTART;VALUE=DATE:20260910|SUMMARY:教师节|DESCRIPTION:Observance",
        "DTSTART;VALUE=DATE:20260204|SUMMARY:立春",
    )
    assert [(day.day, one.kind) for day, one in report.taken.items()] == [(1, "off"), (10, "work")]
    assert [(one.name, one.reason) for one in report.skipped] == [
        ("教师节", "festival"),
        ("立春", "festival"),
    ]


def test_recurring_events_are_written_out_for_the_years_around():
    rule = "DTSTART;VALUE=DATE:16040501|RRULE:FREQ=YEARLY|EXDATE;VALUE=DATE:20270501"
    days = [date(year, 5, 1) for year in range(2025, 2032) if year != 2027]
    assert list(read(rule).taken) == days
    monday = "DTSTART;VALUE=DATE:20240902|RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1MO;UNTIL=20261231"
    assert list(read(monday).taken) == [date(2025, 9, 1), date(2026, 9, 7)]


def test_an_occurrence_that_was_moved_is_taken_where_it_is():
    body = file("DTSTART;VALUE=DATE:20250501|RRULE:FREQ=YEARLY;COUNT=2|SUMMARY:May")
    moved = "BEGIN:VEVENT|UID:0|RECURRENCE-ID;VALUE=DATE:20260501|DTSTART;VALUE=DATE:20260504|END:VEVENT|"
    report = icalendars.read(
        body.replace(TAIL.encode(), (moved.replace("|", "\r\n") + TAIL).encode()), "off", 2026
    )
    assert sorted(report.taken) == [date(2025, 5, 1), date(2026, 5, 4)]


SKIPPED = {
    "a meeting": ("DTSTART:20260501T090000Z", "not_all_day"),
    "no start": ("SUMMARY:x", "not_all_day"),
    "no date": ("DTSTART;VALUE=DATE:20261350", "not_all_day"),
    "summer": ("DTSTART;VALUE=DATE:20260329|SUMMARY:Daylight Saving Time begins", "daylight_saving"),
    "sommer": ("DTSTART;VALUE=DATE:20260329|SUMMARY:Beginn der Sommerzeit", "daylight_saving"),
    "夏令时": ("DTSTART;VALUE=DATE:20260329|SUMMARY:夏令时开始", "daylight_saving"),
    "cancelled": ("DTSTART;VALUE=DATE:20260501|STATUS:CANCELLED", "cancelled"),
    "a year": ("DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20270101", "too_long"),
    "long ago": ("DTSTART;VALUE=DATE:19990101", "outside_window"),
    "over": ("DTSTART;VALUE=DATE:19990101|RRULE:FREQ=YEARLY;UNTIL=20100101", "outside_window"),
    "each second": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=SECONDLY", "rule_not_supported"),
    "never": (
        "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "rule_not_supported",
    ),
    "never either": (
        "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=28",
        "rule_not_supported",
    ),
    "sixth": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=6MO", "rule_not_supported"),
    "by position": (
        "DTSTART;VALUE=DATE:20260101|RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9",
        "rule_not_supported",
    ),
    "each day": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY", "rule_not_supported"),
    "each day for months": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;COUNT=101", "rule_not_supported"),
    "each day until": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;UNTIL=20260411", "rule_not_supported"),
    "two rules": ("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY|RRULE:FREQ=DAILY", "rule_not_supported"),
    "from year 1": ("DTSTART;VALUE=DATE:00010101|RRULE:FREQ=DAILY", "rule_not_supported"),
    "backwards": ("DTSTART;VALUE=DATE:20260502|DTEND;VALUE=DATE:20260401", "unreadable"),
}


@pytest.mark.parametrize(("event", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_what_is_left_out_has_a_reason(event, reason):
    report = read(event)
    assert (report.taken, reasons(report)) == ({}, [reason])


def test_a_holiday_may_be_written_day_by_day():
    for end in ("COUNT=8", "UNTIL=20261008"):
        golden = read(f"DTSTART;VALUE=DATE:20261001|RRULE:FREQ=DAILY;{end}")
        assert list(golden.taken) == [date(2026, 10, day) for day in range(1, 9)]
    assert len(read("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=WEEKLY;BYDAY=SA,SU").taken) > 500
    assert len(read("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=DAILY;COUNT=100").taken) == 100


def test_the_first_event_of_a_day_counts():
    report = read("DTSTART;VALUE=DATE:20260501|SUMMARY:May", "DTSTART;VALUE=DATE:20260501|SUMMARY:Day")
    assert (report.taken[date(2026, 5, 1)].name, reasons(report)) == ("May", ["same_day"])


def test_names_are_one_printable_line():
    report = read("DTSTART;VALUE=DATE:20260501|SUMMARY:a\\nb\x00 \x1b[31m" + "x" * 200)
    (day,) = report.taken.values()
    assert day.name.startswith("a b")
    assert day.name.isprintable()
    assert len(day.name) <= 100


HOSTILE = {
    "empty": b"",
    "not text": b"\xff\xfe\x00",
    "not a calendar": b"<html></html>",
    "only the beginning": HEAD.encode(),
    "an event alone": b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
    "many lines": HEAD.encode() + b"X:1\r\n" * 20_001 + TAIL.encode(),
    "many rules": file(*["DTSTART;VALUE=DATE:20260101|RRULE:FREQ=YEARLY"] * 101),
    "many days": file("DTSTART;VALUE=DATE:20200101|RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
    "many days that are left out": file(
        *["DTSTART;VALUE=DATE:19700101|STATUS:CANCELLED|RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"] * 100
    ),
    "many long holidays": file(*["DTSTART;VALUE=DATE:20260101|DTEND;VALUE=DATE:20260411"] * 3000),
    "no day left": file("DTSTART;VALUE=DATE:20260101|RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU"),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_time(body):
    started = time.monotonic()
    with pytest.raises(InvalidICalendar):
        icalendars.read(body, "off", 2026)
    assert time.monotonic() - started < 10


def test_nesting_leads_nowhere():
    deep = b"BEGIN:VCALENDAR\r\n" * 9000 + b"END:VCALENDAR\r\n" * 9000
    assert icalendars.read(deep, "off", 2026).taken == {}


def test_the_most_expensive_rules_that_are_taken_take_seconds():
    started = time.monotonic()
    rules = ["DTSTART;VALUE=DATE:19700101|RRULE:FREQ=DAILY;COUNT=1000"] * 50
    rules += ["DTSTART;VALUE=DATE:16040229|RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"] * 50
    read(*rules)
    assert time.monotonic() - started < 20


@given(some.binary(max_size=200) | some.text(max_size=200).map(str.encode))
@settings(deadline=None)
def test_any_bytes_within_a_file_give_a_report_or_a_refusal(body):
    event = b"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260501\r\n" + body + b"\r\nEND:VEVENT\r\n"
    for text in (body, HEAD.encode() + event + TAIL.encode()):
        try:
            icalendars.read(text, "off", 2026)
        except InvalidICalendar:
            continue

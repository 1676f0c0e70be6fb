"""Laws of working time, and agreement with a clock on the wall that is asked minute by minute."""

from datetime import UTC, datetime, timedelta

import pytest
from _calendar_oracle import WEEKDAYS, Oracle
from careloop_ticketing.calendars.errors import OutsideHorizon
from hypothesis import given, settings
from hypothesis import strategies as some

OFFICE = {key: ["09:00-12:00", "13:30-18:00"] for key in WEEKDAYS[:5]}
NIGHTS = {key: ["12:15-13:00", "22:00-06:00"] for key in WEEKDAYS}
ODD = {"sun": ["00:30-02:20", "02:40-03:15"], "sat": ["23:00-24:00"], "wed": ["01:50-02:10"]}
ALWAYS = {key: ["00:00-24:00"] for key in WEEKDAYS}
CHANGES = [
    ("Europe/Berlin", "2026-03-24"),
    ("Europe/Berlin", "2026-10-20"),
    ("Australia/Lord_Howe", "2026-04-01"),
    ("Australia/Lord_Howe", "2026-10-01"),
    ("Africa/Casablanca", "2026-02-11"),
    ("Pacific/Apia", "2011-12-25"),
    ("America/New_York", "2025-12-27"),
]
"""Some days before the wall jumps (by an hour, by half an hour, by a day), and before a year ends in New York later than in UTC."""

instants = some.datetimes(datetime(2026, 1, 1), datetime(2027, 2, 1), timezones=some.just(UTC))  # noqa: DTZ001
spans = some.timedeltas(timedelta(), timedelta(days=10))
weeks = some.sampled_from([OFFICE, NIGHTS, ODD, ALWAYS])
zones = some.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])


@given(weeks, zones, instants, spans)
@settings(deadline=None)
def test_what_was_added_is_what_lies_between(compiled, week, zone, start, span):
    calendar = compiled(week, zone)
    due = calendar.add(start, span)
    assert due >= start
    assert calendar.between(start, due) == span
    if span:
        assert calendar.between(start, due - timedelta(microseconds=1)) < span, "there is an earlier instant"


@given(weeks, zones, instants, instants, instants)
@settings(deadline=None)
def test_working_time_adds_up_over_any_instant_between(compiled, week, zone, a, b, c):
    calendar = compiled(week, zone)
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)
    assert calendar.between(a, b) == -calendar.between(b, a)


@given(weeks, zones, instants, spans, spans)
@settings(deadline=None)
def test_adding_in_two_steps_is_adding_at_once(compiled, week, zone, start, first, second):
    calendar = compiled(week, zone)
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(weeks, zones, instants, instants, spans, spans)
@settings(deadline=None)
def test_more_time_is_never_due_earlier(compiled, week, zone, one, other, short, more):
    calendar = compiled(week, zone)
    assert calendar.add(one, short) <= calendar.add(one, short + more)
    early, late = sorted([one, other])
    assert not short or calendar.add(early, short) <= calendar.add(late, short)
    assert timedelta() <= calendar.between(early, late) <= late - early


@given(weeks, zones, instants, spans)
@settings(deadline=None)
def test_the_walk_is_the_working_time_piece_by_piece(compiled, week, zone, start, span):
    calendar = compiled(week, zone)
    end = start + span
    walked = calendar.walk(start, end, 1000)
    assert sum((until - since for since, until in walked), timedelta()) == calendar.between(start, end)
    assert all(start <= since < until <= end for since, until in walked)


@given(instants, instants, spans, spans)
@settings(deadline=None)
def test_the_order_of_questions_changes_no_answer(compiled, one, other, short, long):
    asked, fresh = compiled(ODD), compiled(ODD)
    asked.add(one, long)
    asked.between(one - timedelta(days=3000), other)
    assert asked.add(other, short) == fresh.add(other, short)
    assert asked.between(one, other) == fresh.between(one, other)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("week", [OFFICE, NIGHTS, ODD])
def test_it_agrees_with_the_clock_on_the_wall_at_every_quarter_of_an_hour(compiled, zone, day, week):
    first = datetime.fromisoformat(day).replace(tzinfo=UTC)
    last = first + timedelta(days=12)
    exceptions = [
        {"date": "2026-10-25", "kind": "off"},
        {"date": str((first + timedelta(days=4)).date()), "kind": "work", "hours": ["20:00-04:00"]},
    ]
    document = {"zone": zone, "hours": week, "exceptions": exceptions}
    oracle, calendar = Oracle(document, first, last), compiled(week, zone, first.year, exceptions=exceptions)
    for quarter in range((last - first) // timedelta(minutes=15)):
        start = first + quarter * timedelta(minutes=15)
        assert calendar.between(first, start) == oracle.between(first, start), start
        for span in (timedelta(microseconds=1), timedelta(minutes=45), timedelta(hours=9, seconds=1)):
            due = oracle.add(start, span)
            assert due is None or calendar.add(start, span) == due, (start, span)


def test_time_used_up_at_the_end_of_the_day_is_due_then(compiled, at):
    calendar = compiled(OFFICE)
    nine, six = at("2026-03-02 09:00", "Europe/Berlin"), at("2026-03-02 18:00", "Europe/Berlin")
    assert calendar.add(nine, timedelta(hours=7.5)) == six
    assert calendar.add(nine, timedelta(hours=3)) == at("2026-03-02 12:00", "Europe/Berlin")
    assert calendar.add(six, timedelta(microseconds=1)) == at("2026-03-03 09:00:00.000001", "Europe/Berlin")


def test_no_time_at_all_is_due_at_once_even_at_night(compiled, at):
    night = at("2026-03-01 03:00", "Europe/Berlin")
    assert compiled(OFFICE).add(night, timedelta()) == night


def test_nothing_is_rounded(compiled, at):
    calendar = compiled(OFFICE)
    start = at("2026-03-02 09:00:00.000001", "Europe/Berlin")
    assert calendar.add(start, timedelta(days=100, microseconds=7)).microsecond == 8


def test_an_hour_that_is_skipped_does_not_count_and_one_that_comes_twice_counts_twice(compiled, at):
    calendar = compiled({key: ["01:30-03:30"] for key in WEEKDAYS})
    spring, autumn = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-10-25 00:00", "Europe/Berlin")
    assert calendar.between(spring, spring + timedelta(hours=12)) == timedelta(hours=1)
    assert calendar.between(autumn, autumn + timedelta(hours=12)) == timedelta(hours=3)


def test_hours_that_end_within_the_hour_that_comes_twice_stop_and_go_on(compiled, at):
    calendar = compiled({"sun": ["01:00-02:20"]})
    start = at("2026-10-25 00:00", "Europe/Berlin").astimezone(UTC)
    walked = calendar.walk(start, start + timedelta(hours=12), 10)
    assert [(since.strftime("%H:%M"), until.strftime("%H:%M")) for since, until in walked] == [
        ("23:00", "00:20"),
        ("01:00", "01:20"),
    ]


def test_hours_that_touch_are_one_interval(compiled, at):
    calendar = compiled({"mon": ["09:00-12:00", "12:00-24:00"], "tue": ["00:00-02:00"]}, "UTC")
    monday = at("2026-03-02 00:00", "UTC")
    (walked,) = calendar.walk(monday, monday + timedelta(days=3), 10)
    assert walked == (at("2026-03-02 09:00", "UTC"), at("2026-03-03 02:00", "UTC"))


def test_the_day_that_apia_skipped_has_no_working_time(compiled, at):
    calendar = compiled(OFFICE, "Pacific/Apia", 2011)
    thursday = at("2011-12-29 17:00", "Pacific/Apia")
    assert calendar.add(thursday, timedelta(hours=2)) == at("2012-01-02 10:00", "Pacific/Apia")


def test_round_the_clock_has_no_horizon_and_nothing_to_compile(compiled):
    calendar = compiled(ALWAYS, "UTC")
    start = datetime(1971, 5, 5, 1, 2, 3, 4, tzinfo=UTC)
    assert calendar.round_the_clock
    assert calendar.add(start, timedelta(days=9000)) == start + timedelta(days=9000)
    assert calendar.between(start, start + timedelta(1)) == timedelta(1)
    assert (calendar.intervals, calendar.provisional(start)) == (0, False)


def test_one_day_off_is_not_round_the_clock(compiled):
    off = [{"date": "2026-05-01", "kind": "off"}]
    calendar = compiled(ALWAYS, "UTC", exceptions=off)
    may = datetime(2026, 5, 1, tzinfo=UTC)
    assert not calendar.round_the_clock
    assert calendar.add(may - timedelta(hours=1), timedelta(hours=2)) == may + timedelta(hours=25)


def test_past_the_horizon_is_an_error_and_no_loop(compiled):
    only = [{"date": "2026-05-04", "kind": "work", "hours": ["09:00-10:00"]}]
    calendar = compiled({}, exceptions=only)
    spring = datetime(2026, 3, 1, tzinfo=UTC)
    assert calendar.add(spring, timedelta(hours=1)) == datetime(2026, 5, 4, 8, tzinfo=UTC)
    with pytest.raises(OutsideHorizon, match="2046"):
        calendar.add(spring, timedelta(hours=1, microseconds=1))
    with pytest.raises(OutsideHorizon, match="2006"):
        calendar.between(datetime(2005, 12, 31, tzinfo=UTC), spring)


def test_working_time_is_not_taken_away(compiled):
    with pytest.raises(ValueError, match="added"):
        compiled(OFFICE).add(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("hours", "days", "reached"),
    [
        (OFFICE, 366, True),
        (ALWAYS, 36600, True),
        ({"mon": ["09:00-10:00"]}, 20, True),
        ({"mon": ["09:00-10:00"]}, 60, False),
    ],
)
def test_a_duration_is_reached_if_it_is_from_half_way_to_the_horizon(compiled, hours, days, reached):
    assert compiled(hours).reaches(timedelta(days=days)) is reached


def test_working_time_that_ends_before_a_version_is_renewed_reaches_nothing(compiled):
    only = {"date": "2026-11-28", "kind": "work", "hours": ["00:00-24:00"]}
    assert not compiled({}, exceptions=[only]).reaches(timedelta(seconds=3))

"""Quiet hours hold on the wall clock of every zone, on the days the clocks change above all."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from careloop_common.wall_clock import Span, next_outside
from hypothesis import given
from hypothesis import strategies as st

NIGHT = Span(time(21), time(8))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The hours of 2026 and 2027 in which the zone changes its offset."""
    zone, found = ZoneInfo(name), []
    day = datetime(2026, 1, 1, tzinfo=UTC)
    while day < datetime(2028, 1, 1, tzinfo=UTC):
        hours = [day + hour * HOUR for hour in range(25)]
        if day.astimezone(zone).utcoffset() != hours[-1].astimezone(zone).utcoffset():
            offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
            found += [hours[i] for i in range(1, 25) if offsets[i] != offsets[i - 1]]
        day = hours[-1]
    return tuple(found)


@cache
def zones() -> list[str]:
    """One zone for each way of behaving: many names are aliases."""
    by_behaviour = {}
    for name in sorted(available_timezones()):
        offset = datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(name)).utcoffset()
        by_behaviour.setdefault((offset, changes(name)), name)
    return list(by_behaviour.values())


def test_every_zone_and_every_hour_around_every_clock_change_and_on_an_ordinary_day():
    """No result lies in quiet hours, and an instant before a deferred one always does."""
    checked = 0
    for name in zones():
        zone = ZoneInfo(name)
        for day in (datetime(2026, 8, 1, tzinfo=UTC), *changes(name)):
            for hour in range(-24, 25):
                at = day + hour * HOUR + timedelta(minutes=7)
                allowed = next_outside(NIGHT, zone, at)
                assert not NIGHT.covers(allowed.astimezone(zone)), (name, at)
                if allowed > at:
                    before = allowed - timedelta(microseconds=1)
                    assert NIGHT.covers(before.astimezone(zone)), (name, at)
                    assert allowed - at <= timedelta(hours=13)
                checked += 1
    assert checked > 8_000


CHANGING = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Casablanca",
]


@given(
    name=st.sampled_from(CHANGING),
    change=st.integers(0, 3),
    minutes=st.integers(-1500, 1500),
    start=st.times(),
    end=st.times(),
)
def test_deferral_is_the_first_allowed_minute_whatever_the_span(name, change, minutes, start, end):
    zone = ZoneInfo(name)
    span = Span(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))
    at = changes(name)[change % len(changes(name))] + minutes * MINUTE
    walked = at
    while span.covers(walked.astimezone(zone)):
        walked += MINUTE
    assert next_outside(span, zone, at) == walked


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-29T00:30:00+01:00", "2026-03-29T08:00:00+02:00"),  # the night that is an hour shorter
        ("2026-10-25T00:30:00+02:00", "2026-10-25T08:00:00+01:00"),  # the one that is an hour longer
        ("2026-06-01T12:00:00+02:00", "2026-06-01T12:00:00+02:00"),
        ("2026-06-01T21:00:00+02:00", "2026-06-02T08:00:00+02:00"),
        ("2026-06-01T07:59:59.999999+02:00", "2026-06-01T08:00:00+02:00"),
    ],
)
def test_the_end_is_read_on_the_target_days_clock(at, expected):
    zone = ZoneInfo("Europe/Berlin")
    assert next_outside(NIGHT, zone, datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


def test_an_end_inside_the_skipped_hour_is_the_instant_of_the_change():
    span = Span(time(1), time(2, 30))
    at = datetime.fromisoformat("2026-03-29T01:15:00+01:00")
    expected = datetime.fromisoformat("2026-03-29T03:00:00+02:00")
    assert next_outside(span, ZoneInfo("Europe/Berlin"), at) == expected


def test_equal_start_and_end_mean_no_quiet_hours():
    at = datetime(2026, 6, 1, 3, tzinfo=UTC)
    assert next_outside(Span(time(3), time(3)), UTC, at) == at


SATURDAY_EVENING = datetime(2026, 11, 28, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(time(19), time(22), (6,)), "2026-11-28T22:00+00:00"),
        (Span(time(19), time(22), (7,)), "2026-11-28T20:00+00:00"),
        (Span(time(19), time(7), (6,)), "2026-11-29T07:00+00:00"),
        (Span(time(0), time(0), (6, 7)), "2026-11-30T00:00+00:00"),
        (Span(time(21), time(21), (5,)), "2026-11-28T21:00+00:00"),
    ],
)
def test_a_span_on_named_days_belongs_to_the_day_on_which_it_begins(span, expected):
    assert next_outside(span, UTC, SATURDAY_EVENING) == datetime.fromisoformat(expected)


def test_who_is_never_outside_is_not_looked_for_for_ever():
    always = Span(time(0), time(0), (1, 2, 3, 4, 5, 6, 7))
    assert next_outside(always, UTC, SATURDAY_EVENING).year == 9999

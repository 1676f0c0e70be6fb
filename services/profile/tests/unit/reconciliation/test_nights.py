"""When the run of a night begins: where the operator is, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from careloop_common.zones import zone
from careloop_profile.reconciliation.policy import night_of
from hypothesis import given
from hypothesis import strategies as st

SHANGHAI, BERLIN = zone("Asia/Shanghai"), zone("Europe/Berlin")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2026-11-28T17:59:59", None),
        ("2026-11-28T18:00:00", date(2026, 11, 29)),  # two o'clock in Shanghai
        ("2026-11-28T23:59:59", date(2026, 11, 29)),
        ("2026-11-29T00:00:00", None),  # eight in the morning: left to the next night
    ],
)
def test_it_begins_at_its_hour_where_the_operator_is_and_not_by_day(now, night):
    assert night_of(utc(now), SHANGHAI, 2) == night


def test_a_night_that_begins_before_midnight_is_of_the_day_on_which_it_began():
    assert night_of(utc("2026-11-28T17:00:00"), SHANGHAI, 23) == date(2026, 11, 28)


def test_there_may_be_none():
    assert all(
        night_of(utc("2026-11-28T00:00:00") + timedelta(hours=n), BERLIN, 24) is None for n in range(24)
    )


def test_an_hour_that_the_clocks_skip_is_the_one_after():
    assert night_of(utc("2026-03-29T00:59:00"), BERLIN, 2) is None
    assert night_of(utc("2026-03-29T01:00:00"), BERLIN, 2) == date(2026, 3, 29)


def test_of_an_hour_that_comes_twice_the_first_counts():
    assert night_of(utc("2026-10-24T23:59:00"), BERLIN, 2) is None
    assert night_of(utc("2026-10-25T00:00:00"), BERLIN, 2) == date(2026, 10, 25)
    assert night_of(utc("2026-10-25T01:00:00"), BERLIN, 2) == date(2026, 10, 25)


@given(
    st.dates(date(2020, 1, 2), date(2030, 12, 31)), st.integers(0, 23), st.sampled_from([SHANGHAI, BERLIN])
)
def test_every_day_has_one_night(day, hour, where):
    start = datetime(day.year, day.month, day.day, tzinfo=where).astimezone(UTC)
    found = [night_of(start + timedelta(minutes=15 * n), where, hour) for n in range(4 * 36)]
    assert day in found

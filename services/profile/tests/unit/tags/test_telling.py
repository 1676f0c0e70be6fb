"""Steps of counted numbers: told at once, but as one where something happens all the time, and none is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from careloop_profile.tags.policy.telling import REST, telling
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
COUNTED = {1, 2}


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize("before", [None, ago(60), ago(3600)])
def test_who_did_nothing_for_a_while_is_told_at_once(before):
    assert telling({1: 5.0}, COUNTED, counted_at=before, tell_at=None, now=NOW) == ({1: 5.0}, None)


def test_steps_of_somebody_to_whom_something_happens_all_the_time_wait_and_the_first_says_how_long():
    assert telling({1: 5.0}, COUNTED, counted_at=ago(59), tell_at=None, now=NOW) == ({}, NOW + REST)
    until = NOW + timedelta(seconds=3)
    assert telling({1: 6.0}, COUNTED, counted_at=ago(1), tell_at=until, now=NOW) == ({}, until)
    assert telling({1: 7.0}, COUNTED, counted_at=ago(1), tell_at=NOW, now=NOW) == ({1: 7.0}, None)


def test_no_other_tag_waits_with_them():
    found = telling({1: 5.0, 7: True}, COUNTED, counted_at=ago(1), tell_at=None, now=NOW)
    assert found == ({7: True}, NOW + REST)
    assert telling({7: None}, COUNTED, counted_at=ago(1), tell_at=None, now=NOW) == ({7: None}, None)


@pytest.mark.parametrize("until", [None, ago(5), NOW + REST])
def test_steps_wait_for_the_next_time_where_nothing_is_told_aloud(until):
    found = telling({1: 5.0, 7: True}, COUNTED, counted_at=ago(3600), tell_at=until, now=NOW, aloud=False)
    assert found == ({7: True}, until or NOW)


def test_what_came_back_to_what_was_told_is_not_told():
    assert telling({}, COUNTED, counted_at=ago(1), tell_at=ago(5), now=NOW) == ({}, None)


@given(st.lists(st.tuples(st.integers(0, 90), st.sampled_from([1, 2, 7]), st.integers(0, 3)), max_size=60))
def test_whoever_adds_up_what_was_told_has_the_latest_value_a_rest_later(steps):
    """As the looks do: what is compared is what was told, and numbers that were not told are compared again."""
    now, counted_at, tell_at = NOW, None, None
    value, said, told_at = {}, {}, {}

    def look(changed, counts):
        nonlocal counted_at, tell_at
        keys = changed | (COUNTED if tell_at else set())
        verdicts = {key: value[key] for key in keys if value.get(key) != said.get(key)}
        told, tell_at = telling(verdicts, COUNTED, counted_at=counted_at, tell_at=tell_at, now=now)
        said.update(told)
        for key in told.keys() & COUNTED:
            assert key not in told_at or now - told_at[key] >= REST or now - counted_at >= REST
            told_at[key] = now
        if counts:
            counted_at = now

    for seconds, key, number in steps:
        now += timedelta(seconds=seconds)
        value[key] = number
        look({key}, counts=key in COUNTED)
        assert value.get(7) == said.get(7)
    now += REST
    look(set(), counts=False)
    assert said == value
    assert tell_at is None

"""When somebody has to be looked at again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from careloop_common.rules import compile_python, next_change, parse
from careloop_profile.tags.policy.moments import Calendar, months_turn, windows_move
from careloop_profile.tags.policy.vocabulary import WINDOWS, catalogue
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
RULES = [
    "days_since(last_seen_at) >= 30",
    "days_since(last_seen_at) > 30",
    "days_since(joined_at) == 7 && vip",
    "between(days_since(contract_ends_at), -30, -1)",
    "!(days_since(joined_at) < 3.5)",
    "age_years(joined_at) >= 2",
    'contract_ends_at - now() < duration("10d")',
]
days = st.integers(-400_000, 400_000).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(st.sampled_from(RULES), days, st.booleans())
def test_no_rule_changes_its_mind_before_the_moment_that_was_told(text, then, vip):
    rule = parse(text, catalogue({}))
    facts = {"last_seen_at": then, "joined_at": then, "contract_ends_at": then, "vip": vip}
    told, true = Calendar([rule]).next(facts, NOW), next_change(rule, facts, NOW)
    if true is not None:
        assert told is not None
        assert NOW < told <= true
    evaluate = compile_python([rule])
    until = told or NOW + timedelta(days=4000)
    for share in (0.25, 0.5, 0.999):
        assert evaluate(facts, NOW + (until - NOW) * share) == evaluate(facts, NOW)


def test_days_are_looked_up_and_only_other_forms_are_asked():
    rules = [parse(text, catalogue({})) for text in RULES]
    calendar = Calendar(rules)
    assert list(calendar.days["last_seen_at"]) == [30, 31]
    assert len(calendar.others) == 2


def test_windows_move_after_the_midnight_at_which_a_day_leaves_one():
    counted = [date(2026, 6, 14), date(2026, 4, 1)]
    moves = windows_move(counted, NOW, key=60)
    assert moves == datetime(2026, 6, 21, 0, 1, tzinfo=UTC)
    assert (
        windows_move([date(2026, 3, 17)], NOW, key=0) is None
        or windows_move([date(2026, 3, 17)], NOW, 0) > NOW
    )
    assert windows_move([], NOW, key=60) is None


@given(st.sets(st.dates(date(2026, 3, 1), date(2026, 6, 20))))
def test_windows_move_when_the_first_of_all_days_leaves_any(days):
    leaving = [day + timedelta(days=length) for day in days for length in WINDOWS.values()]
    first = min((day for day in leaving if day > NOW.date()), default=None)
    moves = windows_move(days, NOW, key=0)
    assert (moves and moves.date()) == first


@pytest.mark.parametrize("key", [0, 1, 21_599, 10**30])
def test_ages_are_counted_again_when_the_month_turns_and_not_all_at_once(key):
    moment = months_turn(NOW, key)
    assert moment.date() == date(2026, 7, 1)
    assert moment - datetime(2026, 7, 1, tzinfo=UTC) == timedelta(seconds=key % 21_600)

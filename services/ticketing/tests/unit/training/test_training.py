from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from careloop_ticketing.training.policy import Terms, Verdict, judge, later
from hypothesis import given
from hypothesis import strategies as st

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "ends_on"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 5), 2, date(2027, 1, 5)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_one_of_a_shorter_month(day, months, ends_on):
    assert later(day, months) == ends_on


@given(DAYS, st.integers(1, 120))
def test_months_later_is_in_that_month_and_never_behind_the_day(day, months):
    ends_on = later(day, months)
    assert (ends_on.year * 12 + ends_on.month) - (day.year * 12 + day.month) == months
    assert ends_on.day <= day.day


@given(DAYS, DAYS, st.integers(1, 120))
def test_who_took_it_later_has_it_as_long_at_least(one, other, months):
    first, second = sorted((one, other))
    terms = Terms(60, months)
    assert judge(terms, 60, first, SHANGHAI).valid_until <= judge(terms, 60, second, SHANGHAI).valid_until


def test_what_counts_for_a_year_ends_when_that_day_begins_where_the_operator_is():
    found = judge(Terms(60, 12), 60, date(2026, 3, 1), SHANGHAI)
    assert found == Verdict(passed=True, valid_until=datetime(2027, 2, 28, 16, tzinfo=UTC))


def test_who_fails_has_nothing_and_what_has_no_months_counts_for_ever():
    assert judge(Terms(60, 12), 59, date(2026, 3, 1), SHANGHAI) == Verdict(passed=False, valid_until=None)
    assert judge(Terms(60, None), 100, date(2026, 3, 1), SHANGHAI) == Verdict(passed=True, valid_until=None)

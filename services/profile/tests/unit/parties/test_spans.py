"""Time on net: days are counted one by one and compared."""

from datetime import date, timedelta
from itertools import pairwise

from careloop_profile.parties.policy.spans import Holding, Span, tenure, union
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
_DATES = st.integers(0, 60).map(lambda n: date(2026, 4, 20) + n * DAY)
_SPANS = st.lists(
    st.tuples(_DATES, st.none() | st.integers(0, 30)).map(
        lambda one: Span(one[0], None if one[1] is None else one[0] + one[1] * DAY)
    ),
    max_size=6,
)


@given(_SPANS)
def test_each_day_counts_once_up_to_today(spans):
    found = union(spans, TODAY)
    days = {
        day
        for n in range(80)
        if (day := date(2026, 4, 20) + n * DAY) <= TODAY
        and any(span.since <= day and (span.until is None or day < span.until) for span in spans)
    }
    counted = [
        span.since + n * DAY for span in found for n in range(((span.until or TODAY + DAY) - span.since).days)
    ]
    assert sorted(days) == counted
    assert all(one.until < other.since for one, other in pairwise(found)), "with gaps"


def test_the_last_day_that_there_is_stands_for_no_last_day():
    held = Holding(date(2026, 5, 1), date.max, ((date(2026, 5, 11), date.max),))
    found = tenure([held], TODAY)
    assert (found.days, found.active, found.spans) == (32, True, (Span(date(2026, 5, 1)),))


def test_the_joining_tells_of_the_time_before_the_first_subscription_only():
    held = Holding(
        date(2010, 1, 1), None, ((date(2012, 1, 1), date(2012, 12, 31)), (date(2026, 5, 31), None))
    )
    found = tenure([held], TODAY)
    assert found.spans == (Span(date(2010, 1, 1), date(2013, 1, 1)), Span(date(2026, 5, 31)))
    assert (found.years, found.active, found.since) == (3, True, date(2010, 1, 1))


def test_without_subscriptions_the_joining_and_the_leaving_tell():
    assert tenure([Holding(date(2026, 5, 31), None, ())], TODAY).days == 2
    left = tenure([Holding(date(2025, 1, 1), date(2025, 12, 31), ())], TODAY)
    assert (left.days, left.active) == (365, False)
    assert tenure([Holding(None, None, ())], TODAY).days == 0


def test_who_left_has_no_subscription_that_goes_on():
    held = Holding(date(2025, 1, 1), date(2025, 12, 31), ((date(2025, 1, 1), None),))
    assert (tenure([held], TODAY).days, tenure([held], TODAY).active) == (365, False)


def test_what_has_not_begun_does_not_count():
    assert tenure([Holding(None, None, ((TODAY + DAY, None),))], TODAY).days == 0
    assert tenure([Holding(TODAY, None, ((TODAY + DAY, None),))], TODAY).days == 1

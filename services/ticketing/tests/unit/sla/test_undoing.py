"""What is kept of a clock is all of it."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from careloop_ticketing.sla import undoing
from careloop_ticketing.sla.policy import terms
from careloop_ticketing.sla.policy.clock import Activity, Because, Clock, Interval
from careloop_ticketing.sla.policy.ladder import Climb
from careloop_ticketing.sla.policy.watch import Watch, Watches
from hypothesis import given
from hypothesis import strategies as st

POLICY = terms.read(
    1,
    {
        "satisfaction_seconds": 60,
        "clocks": {
            "c": {
                "start": ["opened"],
                "stop": ["resolved"],
                "targets": [{"seconds": 60}],
                "ladders": [{"ladder": "x"}],
            }
        },
        "ladders": {"x": [{"name": "breach", "percent": 100, "action": "notify", "level": "manager"}]},
    },
)
instants = st.timedeltas(timedelta(), timedelta(days=3650)).map(
    lambda since: datetime(2020, 1, 1, tzinfo=UTC) + since
)
maybe = st.none() | instants
words = st.none() | st.text(max_size=10)
becauses = st.none() | st.builds(Because, st.text(max_size=10), words, words, words)
intervals = st.builds(Interval, st.sampled_from(Activity), instants, maybe, becauses)
targets = st.timedeltas(timedelta(microseconds=1), timedelta(days=800))
clocks = st.builds(Clock, targets, st.lists(intervals, min_size=1, max_size=5).map(tuple), maybe)


@given(
    clock=clocks,
    climb=st.builds(Climb, st.integers(0, 9), maybe, st.booleans()),
    cancelled=st.booleans(),
    late=st.booleans(),
    instance=st.integers(1, 9),
)
def test_a_clock_comes_back_from_what_was_kept_as_json(clock, climb, cancelled, late, instance):
    watch = Watch(
        UUID(int=1), "c", POLICY, "x", clock, instance, None, climb, cancelled=cancelled, late_by_change=late
    )
    kept = json.loads(json.dumps(undoing.kept(watch)))
    assert undoing.read(watch.subject_id, kept, POLICY, clock.hours) == watch


def test_where_a_clock_never_was_the_one_before_it_is_the_present_one():
    first, second = (Watch(UUID(int=1), "c", POLICY, "x", Clock(timedelta(1), ()), n) for n in (1, 2))
    other = Watch(UUID(int=1), "d", POLICY, "x", Clock(timedelta(1), ()))
    watches = Watches(UUID(int=1), [first, other])
    watches.put(second)
    assert watches["c"] is second
    watches.drop(second)
    assert (watches["c"], watches["d"], list(watches.changed)) == (first, other, [])
    watches.drop(first)
    assert list(watches) == ["d"]

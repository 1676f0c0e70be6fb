"""A policy that is applied ends clocks and begins others, as if it had been there from the opening."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from careloop_ticketing.sla.policy import adopting, clock, terms, watch
from careloop_ticketing.sla.policy.adopting import Happening, Turn
from careloop_ticketing.sla.policy.clock import Because, State
from careloop_ticketing.sla.policy.terms import Moment
from careloop_ticketing.sla.policy.watches import Watches
from careloop_ticketing.vocabulary import PauseReason
from hypothesis import given
from hypothesis import strategies as st

FACTS = {"kind": "fault", "vip": False, "tier": "primary", "severity": "normal"}
BY = Because("somebody")
LADDER = [
    {"name": "reminder", "percent": 50, "action": "remind"},
    {"name": "breach", "percent": 100, "action": "notify", "level": "manager"},
]
PAUSABLE = {
    "pausable": '!vip && tier != "advanced" && severity != "critical"',
    "pauses": [{"reason": reason} for reason in PauseReason],
}


def policy(version=2, **clocks):
    usual = {
        "start": ["opened"],
        "stop": ["resolved"],
        "targets": [{"seconds": 36_000}],
        "ladders": [{"ladder": "l"}],
    }
    document = {
        "name": "x",
        "satisfaction_seconds": 60,
        "clocks": {name: usual | given for name, given in clocks.items()},
        "ladders": {"l": LADDER},
    }
    return terms.read(version, document)


def begin(adopted, life, now, watches=None):
    watches = watches if watches is not None else Watches(UUID(int=1))
    found = adopting.begin_added(watches, adopted, life, facts=FACTS, calendars={}, because=BY, now=now)
    return watches, found


def opened(given, noon):
    watches = Watches(UUID(int=1))
    watch.observe(watches, given, Moment.OPENED, facts=FACTS, calendars={}, because=BY, now=noon)
    return watches


def test_a_clock_that_a_policy_adds_counts_from_its_moment(noon, after):
    watches, (change,) = begin(policy(loop={}), [Happening(noon, Moment.OPENED)], after(hours=4))
    assert (watches["loop"].due_at, change.begun, change.elapsed) == (
        after(hours=10),
        True,
        timedelta(hours=4),
    )
    assert not change.late_by_change


def test_one_whose_target_has_passed_is_late_by_the_change_and_told_so(noon, after):
    watches, (change,) = begin(policy(loop={}), [Happening(noon, Moment.OPENED)], after(hours=40))
    loop = watches["loop"]
    assert (change.late_by_change, loop.late_by_change, loop.breached_at) == (True, True, None)
    upcoming = loop.upcoming
    assert upcoming is not None
    assert (upcoming.step.name, upcoming.due_at) == ("breach", after(hours=10))


@pytest.mark.parametrize("moment", [Moment.RESOLVED, Moment.RESPONDED])
def test_one_that_would_be_over_does_not_begin(noon, after, moment):
    life = [Happening(noon, Moment.OPENED), Happening(after(hours=1), moment)]
    watches, found = begin(policy(loop={"stop": [moment]}), life, after(hours=2))
    assert (list(watches), found) == ([], [])


def test_one_whose_moment_has_not_come_does_not_begin(noon, after):
    _, found = begin(policy(desk={"start": ["assigned"]}), [Happening(noon, Moment.OPENED)], after(hours=2))
    assert found == []


def test_it_has_waited_where_it_would_have_waited(noon, after):
    wait = Because("somebody", PauseReason.WAITING_FOR_CUSTOMER)
    life = [
        Happening(noon, Moment.OPENED),
        Happening(after(hours=1), Turn.PAUSED, wait),
        Happening(after(hours=4), Turn.RESUMED, wait),
    ]
    watches, _ = begin(policy(patient=PAUSABLE, stern={}), life, after(hours=5))
    assert (watches["patient"].due_at, watches["stern"].due_at) == (after(hours=13), after(hours=10))


def test_it_still_waits_if_the_case_does(noon, after):
    third = Because("somebody", PauseReason.WAITING_FOR_THIRD_PARTY)
    heard = Because("somebody", PauseReason.WAITING_FOR_CUSTOMER)
    life = [
        Happening(noon, Moment.OPENED),
        Happening(after(hours=1), Turn.PAUSED, third),
        # A message of the customer ends no wait for others.
        Happening(after(hours=2), Turn.RESUMED, heard),
    ]
    watches, _ = begin(policy(patient=PAUSABLE), life, after(hours=5))
    assert watches["patient"].state is State.PAUSED


def test_time_in_which_the_case_was_withdrawn_does_not_count(noon, after):
    life = [
        Happening(noon, Moment.OPENED),
        Happening(after(hours=1), Turn.WITHDRAWN),
        Happening(after(hours=3), Turn.RETURNED),
    ]
    watches, _ = begin(policy(loop={}), life, after(hours=4))
    assert watches["loop"].due_at == after(hours=12)


def test_a_clock_that_repeats_is_the_one_of_the_last_start(noon, after):
    update = {"start": ["responded"], "stop": ["responded", "resolved"], "repeats": True}
    life = [
        Happening(noon, Moment.OPENED),
        Happening(after(hours=1), Moment.RESPONDED),
        Happening(after(hours=3), Moment.RESPONDED),
    ]
    watches, _ = begin(policy(update=update), life, after(hours=4))
    assert (watches["update"].due_at, watches["update"].key) == (after(hours=13), "update")


def test_a_clock_that_is_dropped_ends_without_a_verdict(noon, after):
    watches = opened(policy(1, old={}, kept={}), noon)
    (change,) = adopting.end_dropped(watches, policy(kept={}), now=after(hours=1))
    assert (change.clock, change.dropped, change.due_before, change.due_after) == (
        "old",
        True,
        after(hours=10),
        None,
    )
    assert (watches["old"].state, watches["old"].cancelled) == (State.STOPPED, True)
    assert (watches["kept"].state, watches["kept"].cancelled) == (State.RUNNING, False)


def test_one_that_was_late_before_it_was_dropped_stays_late(noon, after):
    watches = opened(policy(1, old={}), noon)
    adopting.end_dropped(watches, policy(kept={}), now=after(hours=11))
    assert (watches["old"].cancelled, watches["old"].breached_at) == (False, after(hours=10))


def test_one_that_was_dropped_does_not_come_back_with_an_undone_merge(noon, after):
    watches, newer = opened(policy(1, old={}, kept={}), noon), policy(kept={})
    adopting.end_dropped(watches, newer, now=after(hours=1))
    watch.cancel(watches, now=after(hours=2))
    watch.revive(watches, newer, because=BY, now=after(hours=3))
    assert {name: one.state for name, one in watches.items()} == {"old": State.STOPPED, "kept": State.RUNNING}


def test_a_policy_that_has_it_again_begins_another_one_that_counts_from_the_opening(noon, after):
    watches = opened(policy(1, old={}), noon)
    adopting.end_dropped(watches, policy(kept={}), now=after(hours=1))
    _, (change,) = begin(policy(3, old={}), [Happening(noon, Moment.OPENED)], after(hours=3), watches)
    assert (watches["old"].key, watches["old"].due_at, change.begun) == ("old#2", after(hours=10), True)


LIVES = st.lists(
    st.tuples(
        st.timedeltas(timedelta(), timedelta(hours=30)),
        st.sampled_from(
            [Turn.PAUSED, Turn.RESUMED, Moment.RESPONDED, Moment.CUSTOMER_WROTE, Moment.ASSIGNED]
        ),
    ),
    max_size=8,
)


@given(LIVES, st.timedeltas(timedelta(), timedelta(hours=40)))
def test_it_is_what_it_would_be_if_the_policy_had_been_there(noon, given_life, spent):
    wait, adopted = Because("somebody", PauseReason.WAITING_FOR_THIRD_PARTY), policy(patient=PAUSABLE)
    life = [Happening(noon, Moment.OPENED)]
    there, now = opened(adopted, noon), noon
    for passed, what in sorted(given_life, key=lambda one: one[0]):
        if passed > spent:
            break
        now = noon + passed
        life.append(Happening(now, what, wait if what is Turn.PAUSED else None))
        if what is Turn.PAUSED:
            watch.pause(there, str(wait.reason), facts=FACTS, because=wait, now=now)
        elif what is Turn.RESUMED:
            watch.resume(there, because=BY, now=now)
        else:
            watch.observe(there, adopted, what, facts=FACTS, calendars={}, because=BY, now=now)
    late, _ = begin(adopted, life, noon + spent)
    ours, theirs = late["patient"].clock, there["patient"].clock
    assert [(span.activity, span.started_at) for span in ours.intervals] == [
        (span.activity, span.started_at) for span in theirs.intervals
    ]
    assert clock.assess(replace(ours), noon + spent).elapsed == clock.assess(theirs, noon + spent).elapsed

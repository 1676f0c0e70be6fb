from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from careloop_ticketing import defaults
from careloop_ticketing.calendars.policy import document as documents
from careloop_ticketing.calendars.policy.compiled import Compiled
from careloop_ticketing.calendars.sources import holidays_of
from careloop_ticketing.shares import policy
from careloop_ticketing.shares.policy import Holder, Split
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK
from hypothesis import given
from hypothesis import strategies as st

FRIDAY = datetime(2026, 2, 13, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTS = {"pause": clocks.pause, "resume": clocks.resume, "stop": clocks.stop, "reopen": clocks.reopen}
_OFFICE = defaults.calendars()["cn-business"]
HOURS = (ROUND_THE_CLOCK, Compiled(documents.read(_OFFICE, holidays_of(_OFFICE["holidays"], 2026)), 2026))

waits = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
words = st.sampled_from(["", "a", "b"])


@dataclass(frozen=True)
class Handover:
    at: datetime
    level: str | None = None
    team: str | None = None
    assignee: str | None = None


def after(hours):
    return FRIDAY + hours * HOUR


def history(steps, hours):
    """A clock and handovers, as these steps after one another made them; and the instant after the last."""
    now, clock = FRIDAY, clocks.start(20 * HOUR, FRIDAY, hours)
    handovers = [Handover(now, level="front_line")]
    for wait, act, what, word in steps:
        now += wait
        if act in ACTS:
            clock = ACTS[act](clock, now)
        else:
            handovers.append(Handover(now, **{what: word}))
    return clock, policy.spells(handovers), now


steps = st.lists(
    st.tuples(
        waits,
        st.sampled_from([*sorted(ACTS), "hand over", "hand over"]),
        st.sampled_from(["level", "team", "assignee"]),
        words,
    ),
    max_size=12,
)


@given(steps, waits, st.sampled_from(HOURS))
def test_the_parts_of_a_clock_are_together_what_it_shows(steps, later, hours):
    clock, spells, now = history(steps, hours)
    parts = policy.parts(clock, spells, now + later)
    assert sum(parts.values(), timedelta()) == clocks.assess(clock, now + later).elapsed


@given(steps, waits, st.sampled_from(HOURS))
def test_what_is_over_the_target_is_together_how_late_it_is(steps, later, hours):
    clock, spells, now = history(steps, hours)
    late = clocks.assess(clock, now + later).elapsed - clock.target
    assert sum(policy.over(clock, spells, now + later).values(), timedelta()) == max(late, timedelta())


@given(steps, waits)
def test_nobody_answers_for_more_late_time_than_they_had(steps, later):
    clock, spells, now = history(steps, ROUND_THE_CLOCK)
    parts = policy.parts(clock, spells, now + later)
    assert all(late <= parts[holder] for holder, late in policy.over(clock, spells, now + later).items())


def test_each_has_what_went_by_in_their_hands_and_nobody_a_pause():
    clock = clocks.start(4 * HOUR, after(0))
    clock = clocks.resume(clocks.pause(clock, after(2)), after(5))
    spells = policy.spells(
        [
            Handover(after(0), level="front_line"),
            Handover(after(1), assignee="anna"),
            Handover(after(4), level="expert", assignee=""),
        ]
    )
    waiting, anna, expert = Holder("front_line"), Holder("front_line", "", "anna"), Holder("expert")
    assert policy.parts(clock, spells, after(9)) == {waiting: HOUR, anna: HOUR, expert: 4 * HOUR}
    assert policy.over(clock, spells, after(9)) == {expert: 2 * HOUR}
    assert [holder.by(Split.ASSIGNEE) for holder in (waiting, anna, expert)] == ["", "anna", ""]


def test_what_nobody_had_is_nobodys():
    assert policy.parts(clocks.start(HOUR, after(0)), [], after(2)) == {Holder(): 2 * HOUR}

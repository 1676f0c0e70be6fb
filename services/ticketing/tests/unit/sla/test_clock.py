from datetime import UTC, datetime, timedelta

from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import Activity, Clock, State
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTS = {"pause": clocks.pause, "resume": clocks.resume, "stop": clocks.stop, "reopen": clocks.reopen}

waits = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
targets = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=5))
acts = st.sampled_from(sorted(ACTS))
histories = st.lists(st.tuples(waits, acts), max_size=12)


def lived(target: timedelta, history: list[tuple[timedelta, str]]) -> tuple[Clock, datetime]:
    """A clock after everything in its history happened to it, and the time of the last of it."""
    clock, now = clocks.start(target, NOON), NOON
    for wait, act in history:
        now += wait
        clock = ACTS[act](clock, now)
    return clock, now


@given(targets, histories, waits)
def test_run_pause_and_stopped_time_add_up_to_wall_time(target, history, later):
    clock, now = lived(target, history)
    now += later
    reading = clocks.assess(clock, now)
    starts = [interval.started_at for interval in clock.intervals[1:]]
    ends = [interval.ended_at or now for interval in clock.intervals]
    stopped = sum((start - end for end, start in zip(ends, starts, strict=False)), timedelta())
    assert reading.elapsed + reading.paused + stopped + (now - ends[-1]) == now - NOON


@given(targets, histories, waits, waits)
def test_a_breach_is_never_taken_back_as_time_goes_on(target, history, first, second):
    clock, now = lived(target, history)
    early = clocks.assess(clock, now + first).breached_at
    late = clocks.assess(clock, now + first + second).breached_at
    assert early is None or late == early


@given(targets, histories, waits)
def test_a_breach_happened_when_the_runs_reached_the_target(target, history, later):
    clock, now = lived(target, history)
    reading = clocks.assess(clock, now + later)
    assert (reading.elapsed >= target) == (reading.breached_at is not None)
    if reading.breached_at:
        assert clocks.instant_of(clock, target) == reading.breached_at <= now + later


@given(targets, histories, waits, waits)
def test_a_pause_never_shortens_the_way_to_the_due_time(target, history, wait, pause):
    clock, now = lived(target, history)
    running = clocks.resume(clocks.reopen(clock, now), now)
    paused = clocks.pause(running, now + wait)
    resumed = clocks.resume(paused, now + wait + pause)
    before = clocks.instant_of(running, target)
    assert clocks.instant_of(resumed, target) == (before if before <= now + wait else before + pause)


@given(targets, histories, targets)
def test_another_target_keeps_every_interval_and_every_breach(target, history, other):
    clock, now = lived(target, history)
    aimed = clocks.retarget(clock, other, now)
    assert aimed.intervals == clock.intervals
    assert clocks.assess(clock, now).breached_at in {None, aimed.breached_at}


@given(targets, histories)
def test_nothing_overlaps_and_only_the_last_interval_is_open(target, history):
    clock, _ = lived(target, history)
    *closed, _ = clock.intervals
    assert all(interval.ended_at is not None for interval in closed)
    for earlier, later in zip(clock.intervals, clock.intervals[1:], strict=False):
        assert earlier.started_at <= earlier.ended_at <= later.started_at


@given(targets, histories, acts)
def test_doing_a_thing_twice_is_doing_it_once(target, history, act):
    clock, now = lived(target, history)
    once = ACTS[act](clock, now)
    assert ACTS[act](once, now + HOUR) == once


def test_a_clock_is_due_when_its_target_has_run():
    clock = clocks.start(24 * HOUR, NOON)
    assert clocks.assess(clock, NOON + HOUR) == clocks.Reading(
        State.RUNNING, elapsed=HOUR, paused=timedelta(), due_at=NOON + 24 * HOUR, breached_at=None
    )


def test_a_paused_clock_has_no_due_time():
    clock = clocks.pause(clocks.start(24 * HOUR, NOON), NOON + HOUR)
    reading = clocks.assess(clock, NOON + 50 * HOUR)
    assert (reading.state, reading.due_at, reading.paused) == (State.PAUSED, None, 49 * HOUR)


def test_the_time_between_stop_and_reopening_counts_as_nothing():
    clock = clocks.stop(clocks.start(24 * HOUR, NOON), NOON + 10 * HOUR)
    clock = clocks.reopen(clock, NOON + 100 * HOUR)
    assert clocks.instant_of(clock, clock.target) == NOON + 114 * HOUR


def test_a_raised_target_moves_the_due_time_by_the_difference():
    clock = clocks.retarget(clocks.start(24 * HOUR, NOON), 48 * HOUR, NOON + 3 * HOUR)
    assert clocks.instant_of(clock, clock.target) == NOON + 48 * HOUR


def test_a_breach_of_the_old_target_is_not_excused_by_a_new_one():
    clock = clocks.retarget(clocks.start(24 * HOUR, NOON), 48 * HOUR, NOON + 30 * HOUR)
    assert clocks.assess(clock, NOON + 30 * HOUR).breached_at == NOON + 24 * HOUR


def test_a_clock_that_another_machine_turns_a_moment_too_early_does_not_run_backwards():
    clock = clocks.pause(clocks.start(HOUR, NOON), NOON - timedelta(milliseconds=3))
    assert [(i.activity, i.started_at) for i in clock.intervals] == [
        (Activity.RUN, NOON),
        (Activity.PAUSE, NOON),
    ]


def test_a_day_on_the_clock_is_24_hours_across_daylight_saving():
    from zoneinfo import ZoneInfo

    berlin = ZoneInfo("Europe/Berlin")
    started = datetime(2026, 3, 28, 12, tzinfo=berlin).astimezone(UTC)
    due = clocks.instant_of(clocks.start(24 * HOUR, started), 24 * HOUR)
    assert due.astimezone(berlin).hour == 13

"""A clock is the list of its intervals; everything else about it is computed from them.

    |--- run ---|-- pause --|--- run ---|  stopped  |--- run ---> now

`elapsed` adds up the runs, counting only its hours: all of them, or the working time of a calendar. `instant_of` tells
when the runs reach a total; the instant of the target is the due time, and reaching it is the breach: it happened at the
due time, however late anybody looked. A paused or stopped clock that has not reached its target has no due time, nor has
one whose calendar does not reach so far.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from careloop_ticketing.calendars.errors import OutsideHorizon


class Hours(Protocol):
    """The hours that count."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` counts."""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The first instant at which so much has counted since `start`; `OutsideHorizon` if that is too far to say."""

    def provisional(self, at: datetime) -> bool:
        """Whether the hours up to `at` may still change."""


class _RoundTheClock:
    def between(self, start: datetime, end: datetime) -> timedelta:
        return end - start

    def add(self, start: datetime, duration: timedelta) -> datetime:
        return start + duration

    def provisional(self, at: datetime) -> bool:  # noqa: ARG002
        return False


ROUND_THE_CLOCK: Hours = _RoundTheClock()


class Activity(StrEnum):
    RUN = "run"
    PAUSE = "pause"


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Interval:
    activity: Activity
    started_at: datetime
    ended_at: datetime | None = None
    because: "Because | None" = None


@dataclass(frozen=True, slots=True)
class Because:
    """Who turned the clock, and why."""

    actor_id: str
    reason: str | None = None
    evidence: str | None = None
    """Where the reason can be checked: a message, a report, a spare part's order."""
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    target: timedelta
    intervals: tuple[Interval, ...]
    breached_at: datetime | None = None
    """The first breach, kept when a later target would excuse it."""
    hours: Hours = ROUND_THE_CLOCK

    @property
    def state(self) -> State:
        last = self.intervals[-1]
        if last.ended_at is not None:
            return State.STOPPED
        return State.RUNNING if last.activity is Activity.RUN else State.PAUSED

    @property
    def due_at(self) -> datetime | None:
        return instant_of(self, self.target)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows at one instant."""

    state: State
    elapsed: timedelta
    paused: timedelta
    due_at: datetime | None
    breached_at: datetime | None


def start(
    target: timedelta, now: datetime, hours: Hours = ROUND_THE_CLOCK, because: Because | None = None
) -> Clock:
    return Clock(target, (Interval(Activity.RUN, now, because=because),), hours=hours)


def pause(clock: Clock, now: datetime, because: Because | None = None) -> Clock:
    return _turn(clock, Activity.PAUSE, now, because) if clock.state is State.RUNNING else clock


def resume(clock: Clock, now: datetime, because: Because | None = None) -> Clock:
    return _turn(clock, Activity.RUN, now, because) if clock.state is State.PAUSED else clock


def stop(clock: Clock, now: datetime) -> Clock:
    return _turn(clock, None, now, None) if clock.state is not State.STOPPED else clock


def reopen(clock: Clock, now: datetime, because: Because | None = None) -> Clock:
    """Run on from where it stopped: the time between counts neither as run nor as pause."""
    return _turn(clock, Activity.RUN, now, because) if clock.state is State.STOPPED else clock


def retarget(clock: Clock, target: timedelta, now: datetime, hours: Hours | None = None) -> Clock:
    """Keep every interval and aim at another target, or count by other hours; a breach that was stays a breach."""
    breached_at = assess(clock, now).breached_at
    return replace(clock, target=target, hours=hours or clock.hours, breached_at=breached_at)


def assess(clock: Clock, now: datetime) -> Reading:
    due_at = clock.due_at
    reached = due_at if due_at is not None and due_at <= now else None
    return Reading(
        state=clock.state,
        elapsed=_total(clock, Activity.RUN, now),
        paused=_total(clock, Activity.PAUSE, now),
        due_at=due_at,
        breached_at=clock.breached_at or reached,
    )


def instant_of(clock: Clock, total: timedelta) -> datetime | None:
    """When the runs reach `total`, if they do or, going on like this, will within the horizon of their hours.

    What lies beyond it is not known yet; a later version of the calendar may tell.
    """
    try:
        return _reached(clock, total)
    except OutsideHorizon:
        return None


def _reached(clock: Clock, total: timedelta) -> datetime | None:
    left, hours = total, clock.hours
    for run in clock.intervals:
        if run.activity is Activity.PAUSE:
            continue
        if run.ended_at is None:
            return hours.add(run.started_at, left)
        ran = hours.between(run.started_at, run.ended_at)
        if ran >= left:
            return hours.add(run.started_at, left)
        left -= ran
    return None


def _total(clock: Clock, activity: Activity, now: datetime) -> timedelta:
    spans = (i for i in clock.intervals if i.activity is activity)
    # Another machine may have started the interval in what is the future here.
    return sum(
        (clock.hours.between(span.started_at, max(span.ended_at or now, span.started_at)) for span in spans),
        timedelta(),
    )


def _turn(clock: Clock, to: Activity | None, now: datetime, because: Because | None) -> Clock:
    *earlier, last = clock.intervals
    # Two machines disagree by milliseconds; no interval ends before it began.
    at = max(now, last.ended_at or last.started_at)
    closed = (*earlier, replace(last, ended_at=last.ended_at or at))
    opened = (Interval(to, at, because=because),) if to else ()
    return replace(clock, intervals=closed + opened, breached_at=assess(clock, at).breached_at)

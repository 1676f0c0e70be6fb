"""A clock is the list of its intervals; everything else about it is computed from them.

    |--- run ---|-- pause --|--- run ---|  stopped  |--- run ---> now

`elapsed` adds up the runs. `instant_of` tells when the runs reach a total; the instant of the target is the due time,
and reaching it is the breach: it happened at the due time, however late anybody looked. A paused or stopped clock that
has not reached its target has no due time.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


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

    def lasted(self, now: datetime) -> timedelta:
        return max((self.ended_at or now) - self.started_at, timedelta())


@dataclass(frozen=True, slots=True)
class Clock:
    target: timedelta
    intervals: tuple[Interval, ...]
    breached_at: datetime | None = None
    """The first breach, kept when a later target would excuse it."""

    @property
    def state(self) -> State:
        last = self.intervals[-1]
        if last.ended_at is not None:
            return State.STOPPED
        return State.RUNNING if last.activity is Activity.RUN else State.PAUSED


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clock shows at one instant."""

    state: State
    elapsed: timedelta
    paused: timedelta
    due_at: datetime | None
    breached_at: datetime | None


def start(target: timedelta, now: datetime) -> Clock:
    return Clock(target, (Interval(Activity.RUN, now),))


def pause(clock: Clock, now: datetime) -> Clock:
    return _turn(clock, Activity.PAUSE, now) if clock.state is State.RUNNING else clock


def resume(clock: Clock, now: datetime) -> Clock:
    return _turn(clock, Activity.RUN, now) if clock.state is State.PAUSED else clock


def stop(clock: Clock, now: datetime) -> Clock:
    return _turn(clock, None, now) if clock.state is not State.STOPPED else clock


def reopen(clock: Clock, now: datetime) -> Clock:
    """Run on from where it stopped: the time between counts neither as run nor as pause."""
    return _turn(clock, Activity.RUN, now) if clock.state is State.STOPPED else clock


def retarget(clock: Clock, target: timedelta, now: datetime) -> Clock:
    """Keep every interval and aim at another target; a breach of the old one stays a breach."""
    return replace(clock, target=target, breached_at=assess(clock, now).breached_at)


def assess(clock: Clock, now: datetime) -> Reading:
    due_at = instant_of(clock, clock.target)
    reached = due_at if due_at is not None and due_at <= now else None
    return Reading(
        state=clock.state,
        elapsed=_total(clock, Activity.RUN, now),
        paused=_total(clock, Activity.PAUSE, now),
        due_at=due_at,
        breached_at=clock.breached_at or reached,
    )


def instant_of(clock: Clock, total: timedelta) -> datetime | None:
    """When the runs reach `total`, if they do or, going on like this, will."""
    left = total
    for run in clock.intervals:
        if run.activity is Activity.PAUSE:
            continue
        if run.ended_at is None or run.ended_at - run.started_at >= left:
            return run.started_at + left
        left -= run.ended_at - run.started_at
    return None


def _total(clock: Clock, activity: Activity, now: datetime) -> timedelta:
    return sum((i.lasted(now) for i in clock.intervals if i.activity is activity), timedelta())


def _turn(clock: Clock, to: Activity | None, now: datetime) -> Clock:
    *earlier, last = clock.intervals
    # Two machines disagree by milliseconds; no interval ends before it began.
    at = max(now, last.ended_at or last.started_at)
    closed = (*earlier, replace(last, ended_at=last.ended_at or at))
    opened = (Interval(to, at),) if to else ()
    return replace(clock, intervals=closed + opened, breached_at=assess(clock, at).breached_at)

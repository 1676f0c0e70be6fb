"""A ladder: what happens along a clock, and when. Steps are taken in their order, each once.

A step stands at a percentage of the target, or at an offset before or after it; these are totals of what the clock
*counts*, so a pause or a night moves all of them. The step at 100 % announces the breach. Or a step follows the one
before it, unless somebody acknowledges that one in time: this is waiting for a person, and goes by the wall.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from careloop_ticketing.sla.policy.clock import Clock, State, instant_of
from careloop_ticketing.vocabulary import Level


class Action(StrEnum):
    REMIND = "remind"
    REASSIGN = "reassign"
    RAISE_TIER = "raise_tier"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    action: Action
    percent: int = 100
    after: timedelta = timedelta()
    level: Level | None = None
    """Whom to notify, or to whom to reassign; none means one level up."""
    unacknowledged: timedelta | None = None
    """In place of a percentage and an offset: how long nobody acknowledged the step before this one."""

    @property
    def is_breach(self) -> bool:
        return self.percent == 100 and not self.after and self.unacknowledged is None

    def threshold(self, target: timedelta) -> timedelta:
        return target * self.percent / 100 + self.after


Ladder = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Climb:
    """How far up its ladder a clock is."""

    taken: int = 0
    """Steps taken or skipped."""
    last_at: datetime | None = None
    """When the last one was taken: silence counts from when somebody was told."""
    acknowledged: bool = False
    """Whether somebody has taken notice of it."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next step: its place on the ladder, and when it is due."""

    index: int
    step: Step
    due_at: datetime


def next_step(ladder: Ladder, climb: Climb, clock: Clock) -> Upcoming | None:
    """The step after those taken; none at the top of the ladder or on a clock that stands still.

    A step that waits for somebody's silence gives way to a place of the clock that is reached before.
    """
    waiting: Upcoming | None = None
    heard = climb.acknowledged or clock.state is State.STOPPED
    silent_since = None if heard else climb.last_at
    for index in range(climb.taken, len(ladder)):
        step = ladder[index]
        if step.unacknowledged is None:
            placed = _placed(index, step, clock)
            return min(filter(None, (waiting, placed)), key=lambda upcoming: upcoming.due_at, default=None)
        if waiting is None and silent_since is not None:
            waiting = Upcoming(index, step, silent_since + step.unacknowledged)
    return waiting


def _placed(index: int, step: Step, clock: Clock) -> Upcoming | None:
    reached = instant_of(clock, step.threshold(clock.target))
    due_at = clock.breached_at or reached if step.is_breach else reached
    return Upcoming(index, step, due_at) if due_at is not None else None


def after(upcoming: Upcoming, taken_at: datetime) -> Climb:
    """Where the clock is on its ladder once that step is taken; it waits to be acknowledged again."""
    return Climb(upcoming.index + 1, max(upcoming.due_at, taken_at))


def joined(ladder: Ladder, clock: Clock, now: datetime) -> Climb:
    """Where to begin on another ladder midway: behind what its clock has passed on its way to the breach.

    What stands behind the breach is still to be done, however late it comes.
    """
    place, at = 0, None
    for index, step in enumerate(ladder, 1):
        if step.unacknowledged is not None:
            continue
        due_at = clock.breached_at if step.is_breach else instant_of(clock, step.threshold(clock.target))
        if due_at is None or due_at > now:
            break
        place, at = index, due_at
        if step.is_breach:
            break
    return Climb(place, at, acknowledged=True)

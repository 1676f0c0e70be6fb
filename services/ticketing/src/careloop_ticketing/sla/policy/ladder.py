"""A ladder: what happens along a clock, and when. Steps are taken in their order, each once.

A step stands at a percentage of the target or at an offset after it; both are totals of *run* time, so a pause moves all
of them. The step at 100 % announces the breach.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from careloop_ticketing.ranks import Level
from careloop_ticketing.sla.policy.clock import Clock, instant_of


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

    @property
    def is_breach(self) -> bool:
        return self.percent == 100 and not self.after

    def threshold(self, target: timedelta) -> timedelta:
        return target * self.percent / 100 + self.after


Ladder = tuple[Step, ...]


def next_step(ladder: Ladder, taken: int, clock: Clock) -> tuple[Step, datetime] | None:
    """The step after those taken, and its instant; none at the top of the ladder or on a clock that stands still."""
    if taken >= len(ladder):
        return None
    step = ladder[taken]
    reached = instant_of(clock, step.threshold(clock.target))
    due_at = clock.breached_at or reached if step.is_breach else reached
    return (step, due_at) if due_at is not None else None


def taken_before_breach(ladder: Ladder, clock: Clock) -> int:
    """How many steps of a new ladder to skip: those up to a breach that is known already."""
    return sum(step.threshold(clock.target) <= clock.target for step in ladder) if clock.breached_at else 0

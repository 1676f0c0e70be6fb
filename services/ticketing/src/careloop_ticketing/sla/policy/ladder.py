"""A ladder: what happens along a clock, and when. Steps are taken in their order, each once in the life of its clock.

A step stands at a percentage of the target, or at an offset before or after it; these are totals of what the clock
*counts*, so a pause or a night moves all of them. The step at 100 % announces the breach. Or a step follows the one
before it, unless somebody acknowledges that one in time: this is waiting for a person, and goes by the wall, but only
while the clock runs. Of a ticket that is resolved, merged or waits for others nobody is expected to take notice.

A clock may pass from ladder to ladder. What it has taken stays taken: see `joined`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from careloop_ticketing.sla.policy.clock import Activity, Clock, State, instant_of
from careloop_ticketing.vocabulary import Level


class Action(StrEnum):
    REMIND = "remind"
    REASSIGN = "reassign"
    RAISE_TIER = "raise_tier"
    NOTIFY = "notify"


class Mark(NamedTuple):
    """What a clock keeps of a step that was taken."""

    name: str
    effect: str
    is_breach: bool


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

    is_breach: bool = field(init=False)
    """Whether it stands at the target, and so announces the breach."""
    effect: str = field(init=False)
    """What it does, whatever its name: two notices are alike if they tell the same person, others at the same place."""
    mark: Mark = field(init=False)

    def __post_init__(self) -> None:
        # Worked out once: clocks come to their steps in thousands.
        is_breach = self.percent == 100 and not self.after and self.unacknowledged is None
        effect = f"{self.action}@{self.percent}{self.after.total_seconds():+g}"
        if self.unacknowledged is not None:
            effect = f"{self.action}~{self.unacknowledged.total_seconds():g}"
        if self.action is Action.NOTIFY and self.level:
            effect = self.level.value
        object.__setattr__(self, "is_breach", is_breach)
        object.__setattr__(self, "effect", effect)
        object.__setattr__(self, "mark", Mark(self.name, effect, is_breach))

    def threshold(self, target: timedelta) -> timedelta:
        return target * self.percent / 100 + self.after


Ladder = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Climb:
    """How far up its ladder a clock is."""

    taken: tuple[Mark, ...] = ()
    """Every step that was taken, on this ladder or on earlier ones."""
    passed: frozenset[str] = frozenset()
    """Steps of this ladder that will not be taken: their place was behind when the clock came to it, or they gave way."""
    last_at: datetime | None = None
    """When the last one was taken: silence counts from when somebody was told."""
    acknowledged: bool = False
    """Whether somebody has taken notice of it."""

    behind: frozenset[str] = field(init=False, repr=False, compare=False)
    """The names of the steps that are not to come; whether the breach is to, is said by `told`, be its name what it may."""
    told: bool = field(init=False, repr=False, compare=False)
    """Whether the breach was announced."""

    def __post_init__(self) -> None:
        names, told = self.passed, False
        if self.taken:
            names = names.union([mark.name for mark in self.taken])
            told = True in [mark.is_breach for mark in self.taken]
        object.__setattr__(self, "behind", names)
        object.__setattr__(self, "told", told)


class Upcoming(NamedTuple):
    """The next step: its place on the ladder, and when it is due."""

    rung: int
    step: Step
    due_at: datetime


def next_step(ladder: Ladder, climb: Climb, clock: Clock) -> Upcoming | None:
    """The step after those taken; none at the top of the ladder or on a clock that stands still.

    A step that waits for somebody's silence gives way to a place of the clock that is reached before. So does what stands
    before the breach to a breach of which nobody has been told yet; that is all that a clock which has stopped still owes.
    """
    breach = _breach_of(ladder) if clock.breached_at is not None else 0
    if clock.state is State.STOPPED:
        untold = clock.breached_at is not None and not climb.told
        return _placed(breach, ladder[breach], clock) if untold else None
    waiting: Upcoming | None = None
    silent_since = None if climb.acknowledged else climb.last_at
    behind = climb.behind
    for index, step in enumerate(ladder):
        if climb.told if step.is_breach else step.name in behind:
            continue
        if step.unacknowledged is None:
            placed = _placed(index, step, clock)
            if clock.breached_at is not None:
                if index < breach and (placed is None or placed.due_at > clock.breached_at):
                    continue
                if placed is not None and index > breach:
                    # A target that was made shorter since does not call for it before the breach.
                    placed = placed._replace(due_at=max(placed.due_at, clock.breached_at))
            return placed if waiting is None or (placed and placed.due_at < waiting.due_at) else waiting
        if waiting is None and silent_since is not None:
            waiting = _silent(index, step, clock, silent_since, step.unacknowledged)
    return waiting


def _placed(index: int, step: Step, clock: Clock) -> Upcoming | None:
    due_at = instant_of(clock, step.threshold(clock.target))
    if clock.breached_at is not None and step.is_breach:
        due_at = clock.breached_at
    return Upcoming(index, step, due_at) if due_at is not None else None


def _silent(index: int, step: Step, clock: Clock, since: datetime, left: timedelta) -> Upcoming | None:
    """When the silence is long enough, if the clock goes on like this."""
    for run in clock.intervals:
        if run.activity is Activity.PAUSE:
            continue
        start = max(run.started_at, since)
        if run.ended_at is None or run.ended_at - start >= left:
            return Upcoming(index, step, start + left)
        left -= max(run.ended_at - start, timedelta())
    return None


def after(ladder: Ladder, climb: Climb, upcoming: Upcoming, taken_at: datetime) -> Climb:
    """Where the clock is on its ladder once that step is taken; it waits to be acknowledged again."""
    passed = climb.passed
    if upcoming.rung:
        # What stands before it and was not taken has given way.
        passed |= {step.name for step in ladder[: upcoming.rung]} - climb.behind
    return Climb((*climb.taken, upcoming.step.mark), passed, max(upcoming.due_at, taken_at))


def joined(
    ladder: Ladder, climb: Climb, clock: Clock, now: datetime, owed: Collection[str] = frozenset()
) -> Climb:
    """Where to go on on another ladder midway. No step is taken twice, and nobody is told twice what bears two names.

    What the clock has passed on its way to the breach is behind it, unless the ladder that it leaves still `owed` it. The
    breach, if nobody was told of it, and what stands behind it are still to be done, however late they come.
    """
    breach, told = _breach_of(ladder), climb.told
    names = {mark.name for mark in climb.taken}
    passed: set[str] = set()
    overtaken = False
    for index in reversed(range(len(ladder))):
        step = ladder[index]
        if step.is_breach:
            overtaken = overtaken or told
            continue
        if index < breach and told:
            passed.add(step.name)
        elif step.unacknowledged is not None:
            if overtaken:
                passed.add(step.name)
        elif index < breach and step.name not in owed and _is_behind(step, clock, now):
            passed.add(step.name)
        overtaken = overtaken or step.name in names or step.name in passed
    return replace(climb, passed=frozenset((passed | _said_already(ladder, climb)) - names))


def _said_already(ladder: Ladder, climb: Climb) -> set[str]:
    """Steps of this ladder that do what was done under a name which it does not know for that.

    What was said before the breach is not what is said behind it.
    """
    breach, names = _breach_of(ladder), {mark.name for mark in climb.taken}
    said: set[str] = set()
    told = False
    for mark in climb.taken:
        told = told or mark.is_breach
        alike = [(index, step) for index, step in enumerate(ladder) if step.effect == mark.effect]
        if any(step.name == mark.name or (step.is_breach and mark.is_breach) for _, step in alike):
            continue
        here = (s.name for index, s in alike if (index > breach if told else index < breach))
        said.update([name for name in here if name not in names | said][:1])
    return said


def _is_behind(step: Step, clock: Clock, now: datetime) -> bool:
    reached = instant_of(clock, step.threshold(clock.target))
    return reached is not None and reached <= now


def _breach_of(ladder: Ladder) -> int:
    return next((index for index, step in enumerate(ladder) if step.is_breach), len(ladder))

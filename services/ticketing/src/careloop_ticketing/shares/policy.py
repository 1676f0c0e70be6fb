"""The time that a clock has counted, split by who held the ticket meanwhile.

    holders   |--- L1, anna ---|--- L1, nobody ---|--- L2, bo ------> now
    clock     |------- run --------|--- pause ---|---- run ---------> now

Hours add up over any split, so the parts are together what the clock shows, and nobody answers for another's time. While a
clock is paused or stopped it counts for nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, Protocol

from careloop_ticketing.sla.policy.clock import Activity, Clock


class Split(StrEnum):
    """By what the holders are told apart."""

    LEVEL = "level"
    TEAM = "team"
    ASSIGNEE = "assignee"


@dataclass(frozen=True, slots=True)
class Holder:
    """Where a ticket is. What is empty is nobody's: it waits there to be taken."""

    level: str = ""
    team: str = ""
    assignee: str = ""

    def by(self, split: Split) -> str:
        told: str = getattr(self, split.value)
        return told


class Handover(Protocol):
    """At this instant some of where the ticket is changed; None is what did not."""

    @property
    def at(self) -> datetime: ...
    @property
    def level(self) -> str | None: ...
    @property
    def team(self) -> str | None: ...
    @property
    def assignee(self) -> str | None: ...


class Spell(NamedTuple):
    """Somebody's time with the ticket: from here until the next spell begins."""

    started_at: datetime
    holder: Holder


def spells(handovers: Iterable[Handover]) -> list[Spell]:
    """One spell after the other, as the handovers made them; before the first it was nobody's."""
    holder = Holder()
    found: list[Spell] = []
    for handover in handovers:
        told = {name: value for name in Split if (value := getattr(handover, name)) is not None}
        holder = replace(holder, **told)
        found.append(Spell(handover.at, holder))
    return found


def parts(
    clock: Clock, spells: Sequence[Spell], now: datetime, *, since: datetime | None = None
) -> Mapping[Holder, timedelta]:
    """How much of what the clock has counted, from an instant on, went by while each of them held the ticket."""
    found: dict[Holder, timedelta] = {}
    for run in clock.intervals:
        if run.activity is not Activity.RUN:
            continue
        start = max(run.started_at, since or run.started_at)
        for holder, begins, ends in _within(spells, start, max(run.ended_at or now, start)):
            found[holder] = found.get(holder, timedelta()) + clock.hours.between(begins, ends)
    return found


def over(clock: Clock, spells: Sequence[Spell], now: datetime) -> Mapping[Holder, timedelta]:
    """The part of it that lies beyond the target: who held the ticket while it was late."""
    due_at = clock.due_at
    return {} if due_at is None or due_at >= now else parts(clock, spells, now, since=due_at)


def _within(
    spells: Sequence[Spell], start: datetime, end: datetime
) -> Iterable[tuple[Holder, datetime, datetime]]:
    """The pieces of a span, each with its holder; nobody had it before the first spell."""
    borders = [start, *(min(max(spell.started_at, start), end) for spell in spells), end]
    held = [Holder(), *(spell.holder for spell in spells)]
    for holder, (begins, ends) in zip(held, pairwise(borders), strict=True):
        if begins < ends:
            yield holder, begins, ends

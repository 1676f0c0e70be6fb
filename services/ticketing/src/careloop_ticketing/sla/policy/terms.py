"""A policy: which clocks there are, what starts and stops them, their targets, hours and ladders, by the facts of a case.

Policies are versioned documents and never change. Whatever started under a version keeps it, so a version is also the
snapshot of its ladders.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final, TypeVar

from careloop_ticketing.facts import Condition, Facts, condition
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy.ladder import Action, Ladder, Step
from careloop_ticketing.vocabulary import Level

T = TypeVar("T")
NEVER_WAITS: Final = 'vip || tier == "advanced" || severity == "critical"'
"""Tickets whose clocks never pause: those of VIP customers, brand risks and crises."""
_never_waits: Final = condition(NEVER_WAITS, "", InvalidPolicy)

Choice = tuple[tuple[Condition, T], ...]
"""What applies, by the first condition that holds."""


class Moment(StrEnum):
    """What happens to a case, and can start or stop its clocks."""

    OPENED = "opened"
    CLASSIFIED = "classified"
    ASSIGNED = "assigned"
    """Somebody is to do it: a person, a level, a team."""
    TAKEN = "taken"
    """A person has it."""
    RESPONDED = "responded"
    CUSTOMER_WROTE = "customer_wrote"
    DIAGNOSED = "diagnosed"
    VISIT_NEEDED = "visit_needed"
    VISITED = "visited"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ARCHIVED = "archived"


_IN_ORDER: Final = {moment: place for place, moment in enumerate(Moment)}


class OnReopen(StrEnum):
    """What becomes of a clock that had stopped."""

    FREEZE = "freeze"
    """It stays as it is: what it measured happens once."""
    CONTINUE = "continue"
    """It runs on from where it stopped."""
    RESTART = "restart"
    """A new one begins."""


@dataclass(frozen=True, slots=True)
class Pausing:
    """What a pause for some reason needs."""

    approval: bool = False
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One clock of a policy."""

    name: str
    applies: Condition
    start: frozenset[Moment]
    stop: frozenset[Moment]
    repeats: bool
    """Whether each start after a stop begins a new clock; otherwise there is one in the life of a case."""
    targets: Choice[timedelta]
    ladders: Choice[str]
    calendar: str | None
    """None counts round the clock."""
    pauses: Mapping[str, Pausing]
    """The reasons for which it may pause."""
    pausable: Condition
    statutory: bool
    """Whether it is the regulator's."""
    on_reopen: OnReopen

    @property
    def promises(self) -> Moment:
        """What it promises: of the moments that stop it the first in the life of a case. Whatever comes later does all the more."""
        return min(self.stop, key=_IN_ORDER.__getitem__)

    def is_due(self, seen: Collection[Moment]) -> bool:
        """Whether a case to which this has happened has such a clock, as far as it is up to that."""
        return not self.start.isdisjoint(seen) and self.stop.isdisjoint(seen)

    def target(self, facts: Facts, now: datetime) -> timedelta:
        return _chosen(self.targets, facts, now)

    def ladder(self, facts: Facts, now: datetime) -> str:
        return _chosen(self.ladders, facts, now)

    def may_pause(self, reason: str, facts: Facts, now: datetime) -> bool:
        """Never the regulator's, and nobody's whose ticket never waits, whatever the policy says."""
        waits = not self.statutory and not _never_waits(facts, now)
        return waits and reason in self.pauses and self.pausable(facts, now)


@dataclass(frozen=True, slots=True)
class Policy:
    version: int
    clocks: Mapping[str, Definition]
    ladders: Mapping[str, Ladder]
    satisfaction_window: timedelta

    @property
    def calendars(self) -> frozenset[str]:
        return frozenset(clock.calendar for clock in self.clocks.values() if clock.calendar)

    def calendars_from(self, moments: Collection[Moment]) -> frozenset[str]:
        """Those of the clocks that may begin at these moments; whatever is reopened may begin again."""
        begins = (
            c for c in self.clocks.values() if Moment.REOPENED in moments or c.start.intersection(moments)
        )
        return frozenset(clock.calendar for clock in begins if clock.calendar)


def read(version: int, document: Mapping[str, Any]) -> Policy:
    """The policy that a document describes; `InvalidPolicy` if its parts do not fit together."""
    ladders = {name: _ladder(name, steps) for name, steps in document["ladders"].items()}
    return Policy(
        version=version,
        clocks={name: _definition(name, clock, ladders) for name, clock in document["clocks"].items()},
        ladders=ladders,
        satisfaction_window=timedelta(seconds=document["satisfaction_seconds"]),
    )


def _definition(name: str, document: Mapping[str, Any], ladders: Mapping[str, Ladder]) -> Definition:
    at = f"/clocks/{name}"
    start, stop = frozenset(map(Moment, document["start"])), frozenset(map(Moment, document["stop"]))
    if start & stop and not document.get("repeats"):
        raise InvalidPolicy(
            f"Clock {name!r} starts and stops at once, and does not repeat.", pointer=f"{at}/stop"
        )
    targets = _choice(document["targets"], f"{at}/targets", lambda item: timedelta(seconds=item["seconds"]))
    chosen = _choice(document["ladders"], f"{at}/ladders", lambda item: str(item["ladder"]))
    for index, (_, ladder) in enumerate(chosen):
        if ladder not in ladders:
            raise InvalidPolicy(f"There is no ladder {ladder!r}.", pointer=f"{at}/ladders/{index}/ladder")
        for _, target in targets:
            _in_order(ladder, ladders[ladder], target)
    return Definition(
        name=name,
        applies=condition(document.get("when"), f"{at}/when", InvalidPolicy),
        start=start,
        stop=stop,
        repeats=bool(document.get("repeats")),
        targets=targets,
        ladders=chosen,
        calendar=document.get("calendar"),
        pauses={
            item["reason"]: Pausing(bool(item.get("approval")), bool(item.get("evidence")))
            for item in document.get("pauses", ())
        },
        pausable=condition(document.get("pausable"), f"{at}/pausable", InvalidPolicy),
        statutory=is_statutory(name, document),
        on_reopen=OnReopen(document.get("on_reopen", OnReopen.FREEZE)),
    )


def is_statutory(name: str, document: Mapping[str, Any]) -> bool:
    """Whether a clock is the regulator's: it says so, or is named after them."""
    return bool(document.get("statutory")) or "regulator" in name.split("_")


def _choice(
    items: Sequence[Mapping[str, Any]], at: str, value: Callable[[Mapping[str, Any]], T]
) -> Choice[T]:
    """Conditions in their order; the last has none, so that something always applies."""
    for index, item in enumerate(items):
        if ("when" in item) == (index == len(items) - 1):
            expected = "The last one applies to all others: it has no condition, and all before it have one."
            raise InvalidPolicy(expected, pointer=f"{at}/{index}")
    return tuple(
        (condition(item.get("when"), f"{at}/{i}/when", InvalidPolicy), value(item))
        for i, item in enumerate(items)
    )


def _chosen(choice: Choice[T], facts: Facts, now: datetime) -> T:
    return next(value for holds, value in choice if holds(facts, now))


def _ladder(name: str, steps: Iterable[Mapping[str, Any]]) -> Ladder:
    at = f"/ladders/{name}"
    ladder = tuple(_step(step) for step in steps)
    if len({step.name for step in ladder}) < len(ladder):
        raise InvalidPolicy(f"Ladder {name!r} names two steps alike.", pointer=at)
    if sum(step.is_breach for step in ladder) != 1:
        raise InvalidPolicy(
            f"Ladder {name!r} needs one step at 100 percent: it announces the breach.", pointer=at
        )
    if ladder[0].unacknowledged is not None:
        raise InvalidPolicy(f"Nothing comes before the first step of ladder {name!r}.", pointer=f"{at}/0")
    return ladder


def _step(step: Mapping[str, Any]) -> Step:
    level, silence = step.get("level"), step.get("unacknowledged_seconds")
    return Step(
        name=step["name"],
        action=Action(step["action"]),
        percent=100 if step.get("percent") is None else step["percent"],
        after=timedelta(seconds=step.get("after_seconds") or -(step.get("before_seconds") or 0)),
        level=Level(level) if level else None,
        unacknowledged=None if silence is None else timedelta(seconds=silence),
    )


def _in_order(name: str, ladder: Ladder, target: timedelta) -> None:
    places = [step.threshold(target) for step in ladder if step.unacknowledged is None]
    if places[0] < timedelta():
        raise InvalidPolicy(
            f"With a target of {target}, ladder {name!r} begins before its clock.", pointer=f"/ladders/{name}"
        )
    if any(later <= earlier for earlier, later in pairwise(places)):
        raise InvalidPolicy(
            f"With a target of {target}, the steps of ladder {name!r} are out of order.",
            pointer=f"/ladders/{name}",
        )

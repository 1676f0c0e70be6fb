"""A policy: which clocks there are, their targets by tier and customer class, and the ladder along each.

Policies are versioned documents and never change. Whatever started under a version keeps it, so a version is also the
snapshot of its ladders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from careloop_ticketing.ranks import Level, Tier
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy.ladder import Action, Ladder, Step


@dataclass(frozen=True, slots=True)
class ClockTerms:
    """What a policy says about one clock, for one class of customers."""

    targets: Mapping[Tier, timedelta]
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class Policy:
    version: int
    clocks: Mapping[str, ClockTerms]
    vip_clocks: Mapping[str, ClockTerms]
    satisfaction_window: timedelta

    def terms(self, clock: str, *, vip: bool) -> ClockTerms:
        return (self.vip_clocks if vip else self.clocks)[clock]

    def target(self, clock: str, tier: Tier, *, vip: bool) -> timedelta:
        return self.terms(clock, vip=vip).targets[tier]

    def ladder(self, clock: str, *, vip: bool) -> Ladder:
        return self.terms(clock, vip=vip).ladder


def read(version: int, document: Mapping[str, Any]) -> Policy:
    """The policy that a document describes; `InvalidPolicy` if its parts do not fit together."""
    ladders = {name: _ladder(name, steps) for name, steps in document["ladders"].items()}
    clocks = document["clocks"].items()
    return Policy(
        version=version,
        clocks={name: _terms(name, clock, "", ladders) for name, clock in clocks},
        vip_clocks={name: _terms(name, clock, "vip_", ladders) for name, clock in clocks},
        satisfaction_window=timedelta(seconds=document["satisfaction_seconds"]),
    )


def _ladder(name: str, steps: list[Mapping[str, Any]]) -> Ladder:
    ladder = tuple(_step(step) for step in steps)
    if len({step.name for step in ladder}) < len(ladder):
        raise InvalidPolicy(f"Ladder {name!r} names two steps alike.", pointer=f"/ladders/{name}")
    if sum(step.is_breach for step in ladder) != 1:
        raise InvalidPolicy(
            f"Ladder {name!r} needs one step at 100 percent: it announces the breach.",
            pointer=f"/ladders/{name}",
        )
    return ladder


def _step(step: Mapping[str, Any]) -> Step:
    level = step.get("level")
    return Step(
        name=step["name"],
        action=Action(step["action"]),
        percent=100 if step.get("percent") is None else step["percent"],
        after=timedelta(seconds=step.get("after_seconds") or 0),
        level=Level(level) if level else None,
    )


def _terms(
    clock: str, document: Mapping[str, Any], customers: str, ladders: Mapping[str, Ladder]
) -> ClockTerms:
    name = document[f"{customers}ladder"]
    if name not in ladders:
        raise InvalidPolicy(f"There is no ladder {name!r}.", pointer=f"/clocks/{clock}/{customers}ladder")
    targets = {
        Tier(tier): timedelta(seconds=seconds) for tier, seconds in document[f"{customers}targets"].items()
    }
    for target in targets.values():
        thresholds = [step.threshold(target) for step in ladders[name]]
        if any(later <= earlier for earlier, later in pairwise(thresholds)):
            raise InvalidPolicy(
                f"With a target of {target}, the steps of ladder {name!r} are out of order.",
                pointer=f"/ladders/{name}",
            )
    return ClockTerms(targets, ladders[name])

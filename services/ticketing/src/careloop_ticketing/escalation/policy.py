"""What a step of a ladder means for a ticket. When it is due is the clock's business (`sla.policy.ladder`)."""

from dataclasses import dataclass

from careloop_ticketing.sla.policy.ladder import Action, Step
from careloop_ticketing.vocabulary import Level, Tier

ASSIGNEE = "assignee"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket stands when a step falls due."""

    level: Level
    tier: Tier


@dataclass(frozen=True, slots=True)
class Consequence:
    """Where it stands after the step, and who is told."""

    level: Level
    tier: Tier
    told: str


def decide(step: Step, place: Place) -> Consequence:
    """Steps only ever lift: nobody's case sinks because a ladder says so."""
    level, tier, told = place.level, place.tier, ASSIGNEE
    match step.action:
        case Action.REMIND:
            pass
        case Action.REASSIGN:
            level = level.at_least(step.level or level.next())
            told = level.value
        case Action.RAISE_TIER:
            tier = tier.next()
            level = level.at_least(tier.holder)
            told = level.value
        case Action.NOTIFY:
            told = (step.level or level.next()).value
    return Consequence(level, tier, told)


def unmoved(place: Place) -> Consequence:
    """Nothing changes; the assignee is told."""
    return Consequence(place.level, place.tier, ASSIGNEE)


def reason(step: Step, clock: str) -> str:
    """Why, in words for the history: `resolution at 125 % of its target`."""
    if step.unacknowledged is not None:
        return f"{clock}: nobody took notice for {step.unacknowledged.total_seconds():g} s"
    seconds = int(step.after.total_seconds())
    if seconds:
        return f"{clock} {abs(seconds)} s {'after' if seconds > 0 else 'before'} its target"
    return f"{clock} at {step.percent} % of its target"

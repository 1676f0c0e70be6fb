"""Whether what a policy promises lies within the horizon of its calendars: nothing tells when the rest is due."""

from datetime import timedelta
from typing import Protocol

from careloop_ticketing.sla.policy.terms import Definition, Policy


class FarHours(Protocol):
    """Hours with a horizon."""

    def reaches(self, duration: timedelta) -> bool:
        """Whether so much counts within it, from wherever a clock may start."""


def out_of_reach(policy: Policy, clock: Definition, hours: FarHours) -> str | None:
    """The first target or ladder of a clock that these hours do not hold, by its place in the document."""
    at, targets = f"/clocks/{clock.name}", [target for _, target in clock.targets]
    for index, target in enumerate(targets):
        if not hours.reaches(target):
            return f"{at}/targets/{index}/seconds"
    for index, (_, name) in enumerate(clock.ladders):
        if not hours.reaches(max(step.threshold(max(targets)) for step in policy.ladders[name])):
            return f"{at}/ladders/{index}/ladder"
    return None

from datetime import datetime
from typing import Annotated, Self

from careloop_common.schemas import Body, View
from pydantic import Field, StringConstraints, model_validator

from careloop_ticketing.ranks import Level
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.policy.ladder import Action

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Seconds = Annotated[int, Field(ge=1, le=366 * 86400)]


class Targets(Body):
    """Seconds of run time, by tier."""

    primary: Seconds
    intermediate: Seconds
    advanced: Seconds


class ClockTerms(Body):
    targets: Targets
    ladder: Name
    vip_targets: Targets
    vip_ladder: Name


class Clocks(Body):
    first_response: ClockTerms
    resolution: ClockTerms


class Step(Body):
    """Stands at a percentage of the target, or some seconds after it."""

    name: Name
    percent: Annotated[int, Field(ge=1, le=10000)] | None = None
    after_seconds: Seconds | None = None
    action: Action
    level: Level | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.percent is None) == (self.after_seconds is None):
            raise ValueError("a step has either percent or after_seconds")
        if self.action is Action.NOTIFY and self.level is None:
            raise ValueError("notify needs a level")
        return self


class SlaPolicy(Body):
    """A whole policy. The example is a demonstration policy whose clocks run out in seconds."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    satisfaction_seconds: Seconds
    clocks: Clocks
    ladders: Annotated[
        dict[Name, Annotated[list[Step], Field(min_length=1, max_length=20)]],
        Field(min_length=1, max_length=20),
    ]


class SlaPolicyView(View):
    version: int
    name: str
    document: SlaPolicy
    created_at: datetime
    created_by: str


class ClockView(View):
    name: str
    state: State
    policy_version: int
    target_seconds: float
    elapsed_seconds: float
    paused_seconds: float
    due_at: datetime | None
    """None while the clock is paused, and after it stopped within its target."""
    breached_at: datetime | None

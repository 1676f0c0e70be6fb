from datetime import datetime
from typing import Annotated, Self

from careloop_common.schemas import Body, View
from pydantic import Field, StringConstraints, model_validator

from careloop_ticketing.documents import DocumentView
from careloop_ticketing.schemas import RuleText
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.policy.ladder import Action
from careloop_ticketing.sla.policy.terms import Moment, OnReopen
from careloop_ticketing.vocabulary import Level

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
CalendarCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Seconds = Annotated[int, Field(ge=1, le=366 * 86400)]


class Target(Body):
    when: RuleText | None = None
    seconds: Seconds
    """What the clock may count."""


class LadderChoice(Body):
    when: RuleText | None = None
    ladder: Name


class Pause(Body):
    reason: Name
    approval: bool = False
    """Only somebody with the scope tickets:supervise may pause for this reason."""
    evidence: bool = False
    """Whoever pauses has to say where the reason can be checked."""


class ClockTerms(Body):
    """One clock. Of targets and ladders the first applies whose condition holds; the last one has none."""

    when: RuleText | None = None
    """Which tickets have this clock; all of them without it."""
    start: Annotated[list[Moment], Field(min_length=1, max_length=8)]
    stop: Annotated[list[Moment], Field(min_length=1, max_length=8)]
    repeats: bool = False
    """Whether each start after a stop begins a new clock."""
    calendar: CalendarCode | None = None
    """Whose working time it counts; every hour without it."""
    targets: Annotated[list[Target], Field(min_length=1, max_length=20)]
    ladders: Annotated[list[LadderChoice], Field(min_length=1, max_length=20)]
    pauses: list[Pause] = Field(default=[], max_length=20)
    pausable: RuleText | None = None
    """Which tickets may pause it at all; never those of VIP customers, advanced and critical ones."""
    statutory: bool = False
    """Whether it is the regulator's: such a clock never pauses."""
    on_reopen: OnReopen = OnReopen.FREEZE


class Step(Body):
    """Stands at a percentage of the target, some seconds before or after it, or behind a silence."""

    name: Name
    percent: Annotated[int, Field(ge=1, le=10000)] | None = None
    after_seconds: Seconds | None = None
    before_seconds: Seconds | None = None
    unacknowledged_seconds: Seconds | None = None
    """How long nobody acknowledged the step before this one."""
    action: Action
    level: Level | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = (self.percent, self.after_seconds, self.before_seconds, self.unacknowledged_seconds)
        if sum(place is not None for place in places) != 1:
            raise ValueError(
                "a step has one of percent, after_seconds, before_seconds and unacknowledged_seconds"
            )
        if self.action is Action.NOTIFY and self.level is None:
            raise ValueError("notify needs a level")
        return self


class SlaPolicy(Body):
    """A whole policy. The example is a demonstration policy whose clocks run out in seconds."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    satisfaction_seconds: Seconds
    clocks: Annotated[dict[Name, ClockTerms], Field(min_length=1, max_length=30)]
    ladders: Annotated[
        dict[Name, Annotated[list[Step], Field(min_length=1, max_length=20)]],
        Field(min_length=1, max_length=20),
    ]


class SlaPolicyView(DocumentView):
    document: SlaPolicy


class ClockView(View):
    name: str
    state: State
    policy_version: int
    calendar: str | None
    """Whose working time it counts; every hour where there is none."""
    target_seconds: float
    elapsed_seconds: float
    paused_seconds: float
    due_at: datetime | None
    """None while the clock is paused, and after it stopped within its target."""
    provisional: bool
    """Whether the due time lies beyond the days for which the calendar is official, and may still move."""
    breached_at: datetime | None
    late_by_change: bool
    """Whether a change of its terms made it late, and no delay of anybody's."""
    cancelled: bool
    acknowledged: bool
    """Whether somebody has taken notice of the last step of its ladder."""

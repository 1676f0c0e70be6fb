from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from careloop_common.schemas import Body, Instant, View
from pydantic import Field, StringConstraints

from careloop_ticketing.staff.schemas import AgentId, TeamCode

Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2199, 12, 31))]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Drill(Body):
    team: TeamCode
    scenario: Text
    """What is exercised. No names of customers."""
    planned_at: Instant
    participants: Annotated[list[AgentId], Field(min_length=1, max_length=1000)]
    """Of the team or not."""


class Measure(Body):
    what: Line
    owner_id: AgentId
    due_on: Day


class Report(Body):
    done_at: Instant
    findings: Text
    measures: list[Measure] = Field(default=[], max_length=100)


class MeasureView(View):
    id: UUID
    drill_id: UUID
    team: str
    what: str
    owner_id: str
    due_on: date
    overdue: bool
    done_at: datetime | None
    done_by: str | None


class DrillView(View):
    id: UUID
    version: int
    team: str
    scenario: str
    planned_at: datetime
    participants: list[str]
    done_at: datetime | None
    findings: str | None
    changed_at: datetime
    changed_by: str


class DrillWithMeasures(DrillView):
    measures: list[MeasureView]
    """By the day on which they are due."""

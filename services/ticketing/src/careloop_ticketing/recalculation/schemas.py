from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, Version, View
from pydantic import Field, model_validator

from careloop_ticketing.calendars.schemas import Calendar
from careloop_ticketing.recalculation.policy import Cause, State
from careloop_ticketing.sla.schemas import CalendarCode, SlaPolicy


class ApplyPolicy(Body):
    version: Version


class ProposedCalendar(Body):
    code: CalendarCode
    document: Calendar


class PreviewTerms(Body):
    """A policy or a calendar that is not in force yet."""

    policy: SlaPolicy | None = None
    calendar: ProposedCalendar | None = None
    tickets: Annotated[int, Field(ge=1, le=1000)] = 200
    """How many of the open tickets to look at, the newest first."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.policy is None) == (self.calendar is None):
            raise ValueError("either policy or calendar")
        return self


class MovedClock(View):
    ticket_id: UUID
    clock: str
    target_seconds_before: float
    target_seconds_after: float
    elapsed_seconds: float
    due_before: datetime | None
    due_after: datetime | None
    late_by_change: bool


class EffectView(View):
    examined: int
    """Tickets."""
    moved: int
    """Clocks that would be due at another time."""
    late: int
    """Of these, clocks that would be late at once."""
    examples: list[MovedClock]


class RecalculationView(View):
    id: UUID
    cause: Cause
    subject: str
    version: int
    state: State
    examined: int
    moved: int
    late: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from careloop_common.schemas import Body, Version, View
from pydantic import Field, model_validator

from careloop_ticketing.calendars.schemas import Calendar, DayView, SkippedView
from careloop_ticketing.recalculation.policy import Cause, Effect, State
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
    """How many of the tickets that are not archived to look at, the newest first."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.policy is None) == (self.calendar is None):
            raise ValueError("either policy or calendar")
        return self


class MovedClock(View):
    ticket_id: UUID
    clock: str
    effect: Effect
    target_seconds_before: float
    target_seconds_after: float
    elapsed_seconds: float
    due_before: datetime | None
    due_after: datetime | None
    late_by_change: bool


class EffectView(View):
    examined: int
    """Tickets."""
    open: int
    """Tickets that are not archived yet: of so many those were looked at."""
    share: float
    """How many of them were looked at: with 1 all of them."""
    moved: int
    """Clocks that would be due at another time."""
    begun: int
    """Clocks that would begin: the policy adds them, or has a condition for them that holds now."""
    ended: int
    """Clocks that would end: the policy does not have them, or not for such tickets."""
    late: int
    """Of these, clocks that would be late at once."""
    examples: list[MovedClock]


class ImportView(View):
    """The new version, and what became of the events of the file; of a dry run, what would become of them."""

    version: int | None
    """None in a dry run."""
    days: int
    """How many days were taken."""
    changed: int
    """On how many days other hours are worked than before."""
    valid_through: date | None
    """Until when due times are final then; None if they always are."""
    taken: list[DayView]
    skipped: list[SkippedView]
    """The first 500 events that were left out."""
    skipped_total: int
    effect: EffectView | None
    """In a dry run: what the days would move in the open tickets, the newest 200 of them."""


class RecalculationView(View):
    id: UUID
    cause: Cause
    subject: str
    version: int
    state: State
    examined: int
    moved: int
    begun: int
    """Clocks that have begun: the policy adds them, or has a condition for them that holds now."""
    ended: int
    """Clocks that have ended: the policy does not have them, or not for such tickets."""
    late: int
    set_aside: int
    """Tickets that did not follow, for they could not be read, say; the others did."""
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None


class SetAsideView(View):
    ticket_id: UUID
    reason: str
    """The code of a problem, or what the failure is called; the logs have the rest."""
    at: datetime

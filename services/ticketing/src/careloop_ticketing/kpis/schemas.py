from datetime import datetime
from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.kpis.policy import Grouping, Suspicion
from careloop_ticketing.summary.schemas import Attainment, Ratio


class GroupView(View):
    group: str
    """The word by which the group is told apart; empty where a ticket has none."""
    tickets: int
    """Without those that were merged, rejected or cancelled."""
    responded_in_30_min: Ratio
    """First answer by a person or a solution within 30 minutes of the opening; the acknowledgement does not count."""
    first_contact_resolution: Ratio
    """FCR: never taken up again, and no further ticket of the same customer and cause within seven days, but those that
    were merged, rejected or cancelled; told of
    resolutions seven days old, and at once of those that were taken up again."""
    closed_in_72_h: Ratio
    """From the opening to the archive within 72 hours."""
    reopened: Ratio
    """Taken up again, of those that were ever resolved."""
    attainment: dict[str, Attainment]
    """By clock: stopped within the target, of all that were stopped or ran out, whatever ended them then, be it a merge
    or that the customer withdrew. Excluded are those that run or were cancelled within it, and those that only a change of
    terms made late."""


class KpiView(View):
    opened_from: datetime
    opened_until: datetime
    by: Grouping
    zone: str
    groups: list[GroupView]


class SuspectView(View):
    """A pause that deserves a second look, and why."""

    ticket_id: UUID
    clock: str
    suspicion: Suspicion
    started_at: datetime
    ended_at: datetime | None
    actor_id: str | None
    reason: str | None


class PauseAuditView(View):
    items: list[SuspectView]
    tickets: int
    """How many tickets with pauses were looked at for this page."""
    next_cursor: str | None

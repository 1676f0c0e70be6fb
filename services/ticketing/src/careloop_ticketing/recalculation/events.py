from datetime import datetime

from careloop_contracts import TicketSlaRecalculatedV1

from careloop_ticketing.recalculation.policy import Cause, Effect
from careloop_ticketing.sla.policy.following import Change
from careloop_ticketing.tickets.service import Standing


def recalculated(ticket: Standing, change: Change, cause: Cause, now: datetime) -> TicketSlaRecalculatedV1:
    return TicketSlaRecalculatedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        clock=change.clock,
        because=cause.value,
        effect=Effect.of(change).value,
        due_before=change.due_before,
        due_after=change.due_after,
        late_by_change=change.late_by_change,
        recalculated_at=now,
    )

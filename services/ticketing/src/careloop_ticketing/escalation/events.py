from datetime import datetime

from careloop_contracts import TicketEscalatedV1, TicketSlaBreachedV1

from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.sla.service import ClockRow
from careloop_ticketing.tickets.service import Ticket


def escalated(ticket: Ticket, row: EscalationRow, reason: str) -> TicketEscalatedV1:
    return TicketEscalatedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        step=row.step,
        level=row.level.rank,
        action=row.action.value,
        reason=reason,
        clock=row.clock,
        due_at=row.due_at,
        escalated_at=row.escalated_at,
        target=row.told,
    )


def breached(ticket: Ticket, clock: ClockRow, breached_at: datetime) -> TicketSlaBreachedV1:
    return TicketSlaBreachedV1(
        ticket_id=ticket.id,
        customer_id=ticket.customer_id,
        clock=clock.name,
        target_seconds=int(clock.target.total_seconds()),
        due_at=breached_at,
        breached_at=breached_at,
    )

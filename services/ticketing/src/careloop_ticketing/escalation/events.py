from datetime import datetime

from careloop_contracts import TicketEscalatedV1, TicketSlaBreachedV1

from careloop_ticketing.escalation import policy
from careloop_ticketing.escalation.climbing import Taken
from careloop_ticketing.vocabulary import Level


def escalated(taken: Taken, now: datetime) -> TicketEscalatedV1:
    step = taken.upcoming.step
    return TicketEscalatedV1(
        ticket_id=taken.ticket.id,
        customer_id=taken.ticket.customer_id,
        step=step.name,
        level=Level(taken.level).rank,
        action=step.action.value,
        reason=policy.reason(step, taken.watch.name),
        clock=taken.watch.name,
        due_at=taken.upcoming.due_at,
        escalated_at=now,
        target=taken.told,
        notice=taken.notice,
        also=taken.also,
    )


def breached(taken: Taken) -> TicketSlaBreachedV1:
    return TicketSlaBreachedV1(
        ticket_id=taken.ticket.id,
        customer_id=taken.ticket.customer_id,
        clock=taken.watch.name,
        target_seconds=int(taken.watch.clock.target.total_seconds()),
        due_at=taken.upcoming.due_at,
        breached_at=taken.upcoming.due_at,
        by_change=taken.watch.late_by_change,
    )

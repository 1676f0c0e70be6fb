from datetime import datetime

from careloop_common.tokens import SYSTEM
from careloop_contracts import TicketEscalatedV1, TicketReleasedV1, TicketSlaBreachedV1

from careloop_ticketing.escalation import addressing, policy
from careloop_ticketing.escalation.climbing import Taken
from careloop_ticketing.tickets import events as ticket_events
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
        people=tuple(addressing.named(taken.people)),
    )


def lost(taken: Taken, held_by: str, now: datetime) -> TicketReleasedV1:
    return ticket_events.released(taken.ticket, held_by, because="escalated", by=SYSTEM.id, now=now)


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

"""From the remedy to the archive, and back."""

from datetime import datetime
from typing import Final

from careloop_common import outbox, timers
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Clocks
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act, ArchiveReason, Outcome, ReopenReason
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.handling import first_response
from careloop_ticketing.tickets.service.history import record, write_note
from careloop_ticketing.tickets.service.opening import FIRST_RESPONSE, RESOLUTION

FEEDBACK_TIMER: Final = "satisfaction"
_STEP: Final = "expiry"


async def resolve(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    *,
    outcome: Outcome,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """A remedy was found and told: stop the clocks and ask the customer how it went."""
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.RESOLVE)
    await sla.stop(session, clocks.values(), actor=actor, now=now)
    if ticket.responded_at is None:
        first_response(session, ticket, clocks[FIRST_RESPONSE], now=now)
    window = (await sla.policy_of(session, ticket.policy_version)).satisfaction_window
    ticket.outcome, ticket.resolved_at = outcome, now
    ticket.feedback_round += 1
    ticket.feedback_until = now + window
    await timers.arm(
        session,
        kind=FEEDBACK_TIMER,
        owner_id=ticket.id,
        step=_STEP,
        due_at=ticket.feedback_until,
        generation=ticket.feedback_round,
    )
    written = write_note(session, ticket, "resolution", note, actor=actor, now=now)
    until = ticket.feedback_until.isoformat()
    after = {"status": ticket.status, "outcome": outcome, "feedback_until": until, **written}
    record(session, ticket, "resolved", actor=actor, now=now, before=before, after=after)
    outbox.add(
        session,
        events.resolved(ticket, within_target=clocks[RESOLUTION].breached_at is None, now=now),
        now=now,
    )
    outbox.add(session, events.satisfaction_requested(ticket, expires_at=ticket.feedback_until), now=now)


async def reopen(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    *,
    reason: ReopenReason,
    note: str | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """The remedy was none: the resolution clock runs on from where it stopped."""
    before = {"status": ticket.status, "reopened_count": ticket.reopened_count}
    ticket.status = policy.after(ticket.status, Act.REOPEN)
    ticket.reopened_count += 1
    ticket.outcome = ticket.resolved_at = ticket.feedback_until = None
    await sla.reopen(session, clocks[RESOLUTION], actor=actor, now=now)
    moved_from, moved_to = await targets.follow(session, ticket, clocks, now)
    await timers.cancel(session, FEEDBACK_TIMER, ticket.id)
    written = write_note(session, ticket, "reopening", note, actor=actor, now=now)
    after = {"status": ticket.status, "reason": reason, "reopened_count": ticket.reopened_count, **written}
    record(
        session,
        ticket,
        "reopened",
        actor=actor,
        now=now,
        before=before | moved_from,
        after=after | moved_to,
    )
    outbox.add(session, events.reopened(ticket, reason=reason, now=now), now=now)


def archive(
    session: AsyncSession, ticket: TicketRow, *, reason: ArchiveReason, actor: Actor, now: datetime
) -> None:
    """The end; whatever the customer wants later is a new ticket."""
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.ARCHIVE)
    ticket.archived_at = now
    after = {"status": ticket.status, "reason": reason}
    record(session, ticket, "archived", actor=actor, now=now, before=before, after=after)
    outbox.add(session, events.archived(ticket, reason=reason, now=now), now=now)

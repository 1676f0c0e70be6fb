"""What people do with a ticket while it is open."""

from datetime import datetime

from careloop_common import outbox
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification import service as classification
from careloop_ticketing.classification.policy import Cause, Severity, Verdict
from careloop_ticketing.ranks import Level, Tier
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import ClockRow, Clocks
from careloop_ticketing.tickets import events, policy
from careloop_ticketing.tickets.errors import PauseNotAllowed
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act, PauseReason
from careloop_ticketing.tickets.service import targets
from careloop_ticketing.tickets.service.history import record, write_note
from careloop_ticketing.tickets.service.opening import FIRST_RESPONSE, RESOLUTION


async def respond(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    *,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """The customer got an answer; the first one stops the first-response clock."""
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.RESPOND)
    first = ticket.responded_at is None
    if first:
        await sla.stop(session, [clocks[FIRST_RESPONSE]], actor=actor, now=now)
        first_response(session, ticket, clocks[FIRST_RESPONSE], now=now)
    written = write_note(session, ticket, "response", note, actor=actor, now=now)
    after = {"status": ticket.status, "first": first, **written}
    record(session, ticket, "responded", actor=actor, now=now, before=before, after=after)


def first_response(session: AsyncSession, ticket: TicketRow, clock: ClockRow, *, now: datetime) -> None:
    """Note the first answer; its clock has stopped."""
    ticket.responded_at = now
    outbox.add(session, events.responded(ticket, within_target=clock.breached_at is None, now=now), now=now)


async def classify(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    *,
    cause: Cause | None,
    tier: Tier | None,
    severity: Severity | None,
    actor: Actor,
    now: datetime,
) -> None:
    """A person corrects the classification; the correction is kept, and another tier moves the due time."""
    suggested = ticket.verdict
    corrected = Verdict(cause or ticket.cause, tier or ticket.tier, severity or ticket.severity)
    ticket.status = policy.after(ticket.status, Act.CLASSIFY)
    classification.correct(
        session,
        ticket.id,
        suggested=suggested,
        rule_set=ticket.rule_set,
        corrected=corrected,
        actor=actor,
        now=now,
    )
    level_before = ticket.level
    ticket.cause, ticket.tier, ticket.severity = corrected.cause, corrected.tier, corrected.severity
    ticket.classified_by, ticket.rule_set, ticket.rules = actor.id, None, []
    ticket.level = ticket.level.at_least(ticket.tier.holder)
    moved_from, moved_to = await targets.follow(session, ticket, clocks, now)
    before = {"cause": suggested.cause, "tier": suggested.tier, "severity": suggested.severity}
    after = {"cause": ticket.cause, "tier": ticket.tier, "severity": ticket.severity}
    record(
        session,
        ticket,
        "classified",
        actor=actor,
        now=now,
        before={**before, "level": level_before, **moved_from},
        after={**after, "level": ticket.level, **moved_to},
    )
    outbox.add(session, events.classified(ticket, now), now=now)


def assign(
    session: AsyncSession,
    ticket: TicketRow,
    *,
    assignee_id: str | None,
    level: Level | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Give the ticket to a person, to a level, or to both; a level alone leaves it to be picked up there."""
    before = {"assignee_id": ticket.assignee_id, "level": ticket.level}
    ticket.status = policy.after(ticket.status, Act.ASSIGN)
    ticket.assignee_id, ticket.level = assignee_id, level or ticket.level
    after = {"assignee_id": ticket.assignee_id, "level": ticket.level}
    record(session, ticket, "assigned", actor=actor, now=now, before=before, after=after)


async def pause(
    session: AsyncSession,
    ticket: TicketRow,
    clocks: Clocks,
    *,
    reason: PauseReason,
    note: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.PAUSE)
    if not policy.may_wait(ticket.tier, vip=ticket.vip):
        raise PauseNotAllowed("Clocks of advanced tickets and of VIP customers do not pause.")
    await sla.pause(session, clocks[RESOLUTION], reason=reason, actor=actor, now=now)
    written = write_note(session, ticket, "pause", note, actor=actor, now=now)
    after = {"status": ticket.status, "reason": reason, **written}
    record(session, ticket, "paused", actor=actor, now=now, before=before, after=after)


async def resume(
    session: AsyncSession, ticket: TicketRow, clocks: Clocks, *, actor: Actor, now: datetime
) -> None:
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.RESUME)
    clock = clocks[RESOLUTION]
    await sla.resume(session, clock, actor=actor, now=now)
    after = {"status": ticket.status, "due_at": clock.due_at.isoformat() if clock.due_at else None}
    record(session, ticket, "resumed", actor=actor, now=now, before=before, after=after)


def add_note(session: AsyncSession, ticket: TicketRow, *, text: str, actor: Actor, now: datetime) -> None:
    ticket.status = policy.after(ticket.status, Act.NOTE)
    written = write_note(session, ticket, "note", text, actor=actor, now=now)
    record(session, ticket, "noted", actor=actor, now=now, after=written)

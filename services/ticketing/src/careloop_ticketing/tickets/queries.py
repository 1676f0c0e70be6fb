from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.classification.policy import Cause
from careloop_ticketing.sla import queries as sla
from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow
from careloop_ticketing.tickets.policy import Status
from careloop_ticketing.vocabulary import Level, Tier


@dataclass(frozen=True, slots=True)
class Filters:
    status: Status | None = None
    tier: Tier | None = None
    cause: Cause | None = None
    level: Level | None = None
    customer_id: UUID | None = None
    breached: bool | None = None


async def lock(session: AsyncSession, ticket_id: UUID) -> TicketRow | None:
    return await session.get(TicketRow, ticket_id, with_for_update=True)


async def by_reference(session: AsyncSession, source: str, external_ref: str) -> TicketRow:
    named = col(TicketRow.source) == source, col(TicketRow.external_ref) == external_ref
    return (await session.scalars(select(TicketRow).where(*named))).one()


async def newest(
    session: AsyncSession, filters: Filters, *, before: UUID | None, limit: int, now: datetime
) -> Sequence[TicketRow]:
    """Tickets in the order of their ids, which is that of their opening, newest first."""
    chosen = _chosen(filters, now).order_by(col(TicketRow.id).desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(col(TicketRow.id) < before)
    return (await session.scalars(chosen)).all()


async def newest_open(session: AsyncSession, *, limit: int) -> Sequence[UUID]:
    still_open = select(col(TicketRow.id)).where(col(TicketRow.status).in_(OPEN))
    return (await session.scalars(still_open.order_by(col(TicketRow.id).desc()).limit(limit))).all()


def _chosen(filters: Filters, now: datetime) -> Select[TicketRow]:
    chosen = select(TicketRow)
    for name in ("status", "tier", "cause", "level", "customer_id"):
        if (wanted := getattr(filters, name)) is not None:
            chosen = chosen.where(getattr(TicketRow, name) == wanted)
    if filters.breached is not None:
        late = col(TicketRow.id).in_(sla.breached_subjects(now))
        chosen = chosen.where(late if filters.breached else ~late)
    return chosen


async def waiting_for(
    session: AsyncSession, customer_ids: Collection[UUID], references: Collection[tuple[str, str]]
) -> Sequence[TicketRow]:
    """Lock the tickets of customers who were unknown when they wrote."""
    reference = tuple_(col(TicketRow.customer_source), col(TicketRow.customer_external_id))
    waiting = (
        select(TicketRow)
        .where(col(TicketRow.linked_at).is_(None))
        .where(or_(col(TicketRow.customer_id).in_(customer_ids), reference.in_(references)))
    )
    return (await session.scalars(waiting.order_by(col(TicketRow.id)).with_for_update())).all()


async def unlinked_since(session: AsyncSession, since: datetime, *, limit: int) -> Sequence[TicketRow]:
    """Recent tickets that name a customer whom the replica did not have."""
    named = or_(col(TicketRow.customer_id).is_not(None), col(TicketRow.customer_external_id).is_not(None))
    recent = col(TicketRow.opened_at) >= since
    unlinked = select(TicketRow).where(col(TicketRow.linked_at).is_(None), named, recent).limit(limit)
    return (await session.scalars(unlinked)).all()


async def history(session: AsyncSession, ticket_id: UUID, *, after: int, limit: int) -> Sequence[HistoryRow]:
    entries = select(HistoryRow).where(col(HistoryRow.ticket_id) == ticket_id, col(HistoryRow.seq) > after)
    return (await session.scalars(entries.order_by(col(HistoryRow.seq)).limit(limit))).all()


@dataclass(frozen=True, slots=True)
class Conversation:
    """When the customer wrote, the opening included, and when somebody wrote to them."""

    heard: list[datetime]
    answered: list[datetime]


async def conversations(session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, Conversation]:
    found = {ticket_id: Conversation([], []) for ticket_id in ticket_ids}
    facts = select(HistoryRow).where(
        col(HistoryRow.ticket_id).in_(ticket_ids),
        col(HistoryRow.fact).in_(("opened", "customer_wrote", "responded")),
    )
    for entry in await session.scalars(facts):
        conversation = found[entry.ticket_id]
        if entry.fact == "responded":
            conversation.answered.append(entry.at)
        else:
            written = entry.after.get("received_at")
            conversation.heard.append(datetime.fromisoformat(written) if written else entry.at)
    return found


async def notes(session: AsyncSession, ticket_id: UUID) -> Sequence[NoteRow]:
    written = select(NoteRow).where(col(NoteRow.ticket_id) == ticket_id).order_by(col(NoteRow.id))
    return (await session.scalars(written)).all()


OPEN = (Status.RECEIVED, Status.CLASSIFIED, Status.HANDLING, Status.WAITING)
RESPONSE_GOAL = timedelta(minutes=30)


async def open_by_tier(session: AsyncSession) -> dict[Tier, int]:
    counts = select(col(TicketRow.tier), func.count()).where(col(TicketRow.status).in_(OPEN))
    found = dict((await session.execute(counts.group_by(col(TicketRow.tier)))).all())
    return {tier: found.get(tier, 0) for tier in Tier}


async def responded_in_time(session: AsyncSession, now: datetime) -> tuple[int, int, int]:
    """How many had their first answer within 30 minutes, how many had not, how many still can."""
    took = func.coalesce(col(TicketRow.responded_at), now) - col(TicketRow.opened_at)
    answered = col(TicketRow.responded_at).is_not(None)
    counts = select(
        func.count().filter(answered, took <= RESPONSE_GOAL),
        func.count().filter(took > RESPONSE_GOAL),
        func.count().filter(~answered, took <= RESPONSE_GOAL),
    )
    return (await session.execute(counts)).one()

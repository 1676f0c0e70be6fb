from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ScalarSelect, false, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.sla import queries as sla
from careloop_ticketing.tickets import kin
from careloop_ticketing.tickets.choices import Choice, Filters, chosen_by, passes
from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow
from careloop_ticketing.vocabulary import OPEN, WITHDRAWN, Status, Tier


async def lock(session: AsyncSession, ticket_id: UUID) -> TicketRow | None:
    return await session.get(TicketRow, ticket_id, with_for_update=True, populate_existing=True)


async def by_reference(session: AsyncSession, source: str, external_ref: str) -> TicketRow:
    named = col(TicketRow.source) == source, col(TicketRow.external_ref) == external_ref
    return (await session.scalars(select(TicketRow).where(*named))).one()


async def newest(
    session: AsyncSession, choice: Choice, *, before: UUID | None, limit: int, now: datetime
) -> Sequence[TicketRow]:
    """Tickets in the order of their ids, which is that of their opening, newest first."""
    chosen = chosen_by(select(TicketRow), choice, now).order_by(col(TicketRow.id).desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(col(TicketRow.id) < before)
    return (await session.scalars(chosen)).all()


async def newest_without_due(
    session: AsyncSession, choice: Choice, *, before: UUID | None, limit: int, now: datetime
) -> Sequence[UUID]:
    """Tickets of which no clock runs, newest first."""
    still = chosen_by(select(col(TicketRow.id)), choice, now).where(~sla.any_due(col(TicketRow.id)))
    return (
        await session.scalars(keyset.backward(still, col(TicketRow.id), before=before, limit=limit))
    ).all()


async def due_of(
    session: AsyncSession, choice: Choice, ticket_ids: Collection[UUID], *, now: datetime
) -> Sequence[tuple[UUID, datetime | None]]:
    """Of these tickets those of the choice, with when the next that is promised is due."""
    due = select(col(TicketRow.id), sla.next_due(col(TicketRow.id))).where(col(TicketRow.id).in_(ticket_ids))
    return [(row[0], row[1]) for row in await session.execute(chosen_by(due, choice, now))]


async def deadlines(
    session: AsyncSession, ticket_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, tuple[datetime | None, bool]]:
    """When the next that each of them promises is due, and whether any promise was broken."""
    ticket_id = col(TicketRow.id)
    asked = select(ticket_id, sla.next_due(ticket_id), sla.any_breached(ticket_id, now))
    found = await session.execute(asked.where(ticket_id.in_(ticket_ids)))
    return {row[0]: (row[1], row[2]) for row in found}


async def upcoming(
    session: AsyncSession,
    choice: Choice,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Sequence[tuple[datetime, UUID, bool]]:
    """The next tickets by when something is due, and whether the choice has room for each."""
    window = sla.by_next_due(after=after, limit=limit).subquery("window_")
    has_room = true() if choice.everything else passes(choice, now)(window.c.subject_id)
    looked = select(window.c.due_at, window.c.subject_id, func.coalesce(has_room, false()))
    found = await session.execute(looked.order_by(window.c.due_at, window.c.subject_id))
    return [(row[0], row[1], row[2]) for row in found]


async def newest_unfinished(session: AsyncSession, *, limit: int) -> Sequence[UUID]:
    unfinished = select(col(TicketRow.id)).where(col(TicketRow.status).in_(UNFINISHED))
    return (await session.scalars(unfinished.order_by(col(TicketRow.id).desc()).limit(limit))).all()


async def count_unfinished(session: AsyncSession) -> int:
    unfinished = select(func.count()).where(col(TicketRow.status).in_(UNFINISHED))
    return (await session.execute(unfinished)).scalar_one()


async def numbered(
    session: AsyncSession, number: str, choice: Choice, *, now: datetime
) -> Sequence[TicketRow]:
    chosen = chosen_by(select(TicketRow), choice, now).where(col(TicketRow.number) == number)
    return (await session.scalars(chosen)).all()


async def by_number(session: AsyncSession, number: str) -> UUID | None:
    found = select(col(TicketRow.id)).where(col(TicketRow.number) == number)
    return (await session.scalars(found)).one_or_none()


async def ids(session: AsyncSession, choice: Choice, *, limit: int, now: datetime) -> Sequence[UUID]:
    chosen = chosen_by(select(col(TicketRow.id)), choice, now).limit(limit)
    return (await session.scalars(chosen)).all()


async def few(session: AsyncSession, filters: Filters, *, most: int, now: datetime) -> Sequence[UUID] | None:
    """All tickets of somebody, or of a status or time, for which there are indexes; None if each of these has many."""
    for part in _INDEXED:
        only = Filters(**{name: getattr(filters, name) for name in part})
        if only != Filters():
            theirs = await ids(session, Choice(only), limit=most + 1, now=now)
            if len(theirs) <= most:
                return theirs
    return None


async def in_order(session: AsyncSession, ticket_ids: Sequence[UUID]) -> Sequence[TicketRow]:
    found = await session.scalars(select(TicketRow).where(col(TicketRow.id).in_(ticket_ids)))
    rows = {row.id: row for row in found}
    return [rows[ticket_id] for ticket_id in ticket_ids]


_INDEXED: Final = (
    ("number",),
    ("customer_id",),
    ("assignee_id",),
    ("status",),
    ("due_before",),
    ("opened_from", "opened_until"),
)


async def waiting_for(
    session: AsyncSession, customer_ids: Collection[UUID], references: Collection[tuple[str, str]]
) -> Sequence[UUID]:
    """The tickets of customers who were unknown when they wrote."""
    reference = tuple_(col(TicketRow.customer_source), col(TicketRow.customer_external_id))
    waiting = (
        select(col(TicketRow.id))
        .where(col(TicketRow.linked_at).is_(None))
        .where(or_(col(TicketRow.customer_id).in_(customer_ids), reference.in_(references)))
    )
    return (await session.scalars(waiting)).all()


async def unfinished_of(session: AsyncSession, customer_ids: Collection[UUID]) -> Sequence[UUID]:
    """The linked tickets of these customers that are open, or may soon be again."""
    theirs = col(TicketRow.customer_id).in_(customer_ids), col(TicketRow.linked_at).is_not(None)
    unfinished = select(col(TicketRow.id)).where(*theirs, col(TicketRow.status).in_(UNFINISHED))
    return (await session.scalars(unfinished)).all()


async def unlinked_since(session: AsyncSession, since: datetime, *, limit: int) -> Sequence[TicketRow]:
    """Recent tickets that name a customer whom the replica did not have."""
    named = or_(col(TicketRow.customer_id).is_not(None), col(TicketRow.customer_external_id).is_not(None))
    recent = col(TicketRow.opened_at) >= since
    unlinked = select(TicketRow).where(col(TicketRow.linked_at).is_(None), named, recent).limit(limit)
    return (await session.scalars(unlinked)).all()


async def history(session: AsyncSession, ticket_id: UUID, *, after: int, limit: int) -> Sequence[HistoryRow]:
    entries = select(HistoryRow).where(col(HistoryRow.ticket_id) == ticket_id, col(HistoryRow.seq) > after)
    return (await session.scalars(entries.order_by(col(HistoryRow.seq)).limit(limit))).all()


async def resolved_by(session: AsyncSession, ticket_id: UUID) -> str | None:
    """Who resolved the ticket the last time."""
    actor = select(col(HistoryRow.actor_id)).where(
        col(HistoryRow.ticket_id) == ticket_id, col(HistoryRow.fact) == "resolved"
    )
    return (await session.scalars(actor.order_by(col(HistoryRow.seq).desc()).limit(1))).one_or_none()


class Conversation(NamedTuple):
    """When the customer wrote, the opening included, when somebody wrote to them, and when they made less of it."""

    heard: list[datetime]
    answered: list[datetime]
    lowered: list[datetime]


async def conversations(session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, Conversation]:
    found = {ticket_id: Conversation([], [], []) for ticket_id in ticket_ids}
    facts = select(HistoryRow).where(
        col(HistoryRow.ticket_id).in_(ticket_ids),
        col(HistoryRow.fact).in_(("opened", "customer_wrote", "responded", "classified", "undone")),
    )
    lowered: dict[UUID, tuple[int, datetime]] = {}
    for entry in await session.scalars(facts.order_by(col(HistoryRow.ticket_id), col(HistoryRow.seq))):
        conversation, (seq, at) = found[entry.ticket_id], lowered.get(entry.ticket_id, (0, entry.at))
        if entry.fact == "responded":
            conversation.answered.append(entry.at)
        elif entry.fact == "undone":
            # Undone, it never was; undone twice, it was.
            if entry.seq == seq + 1:
                conversation.lowered[:] = {*conversation.lowered} ^ {at}
                lowered[entry.ticket_id] = entry.seq, at
        elif entry.fact == "classified":
            if entry.after.get("lowered"):
                conversation.lowered.append(entry.at)
                lowered[entry.ticket_id] = entry.seq, entry.at
        else:
            written = entry.after.get("received_at")
            conversation.heard.append(datetime.fromisoformat(written) if written else entry.at)
    return found


async def notes(
    session: AsyncSession, ticket_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[NoteRow]:
    """Of the ticket and of all that were merged into it, in the order in which they were written."""
    theirs = select(NoteRow).where(col(NoteRow.ticket_id).in_(kin.with_merged(ticket_id)))
    written = keyset.forward(theirs, col(NoteRow.id), after=after, limit=limit)
    return (await session.scalars(written)).all()


async def lock_all(
    session: AsyncSession, ticket_ids: Collection[UUID], *, wait: bool = True
) -> Sequence[TicketRow]:
    """Tickets in the order of their ids, for this transaction alone, as they are once they are ours.

    All of them, or without waiting those that nobody holds at this instant.
    """
    locked = select(TicketRow).where(col(TicketRow.id).in_(ticket_ids)).order_by(col(TicketRow.id))
    fresh = locked.with_for_update(skip_locked=not wait).execution_options(populate_existing=True)
    return (await session.scalars(fresh)).all()


async def histories(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[HistoryRow]:
    """The histories of several tickets, each in order."""
    entries = select(HistoryRow).where(col(HistoryRow.ticket_id).in_(ticket_ids))
    return (await session.scalars(entries.order_by(col(HistoryRow.ticket_id), col(HistoryRow.seq)))).all()


async def notes_of(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[NoteRow]:
    written = select(NoteRow).where(col(NoteRow.ticket_id).in_(ticket_ids)).order_by(col(NoteRow.id))
    return (await session.scalars(written)).all()


def waits_for() -> ScalarSelect[str]:
    """Why the ticket of the statement around this was last paused."""
    paused = select(col(HistoryRow.after)["reason"].astext).where(
        col(HistoryRow.ticket_id) == col(TicketRow.id), col(HistoryRow.fact) == "paused"
    )
    return paused.order_by(col(HistoryRow.seq).desc()).limit(1).correlate(TicketRow).scalar_subquery()


def cancelled_because() -> ScalarSelect[str]:
    """Why the ticket of the statement around this was cancelled, if it was."""
    reason = select(col(HistoryRow.after)["reason"].astext).where(
        col(HistoryRow.ticket_id) == col(TicketRow.id), col(HistoryRow.fact) == "cancelled"
    )
    return reason.limit(1).correlate(TicketRow).scalar_subquery()


UNFINISHED = (*OPEN, Status.FEEDBACK)
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
    ).where(col(TicketRow.status).not_in(WITHDRAWN))
    return (await session.execute(counts)).one()

"""The last of what was recorded and written of tickets, up to a step: for those who tell of steps, however long lives are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, column, func, select, true, tuple_, values
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow


async def tickets(session: AsyncSession, ticket_ids: Collection[UUID]) -> Sequence[TicketRow]:
    return (await session.scalars(select(TicketRow).where(col(TicketRow.id).in_(ticket_ids)))).all()


async def entries(session: AsyncSession, places: Collection[tuple[UUID, int]]) -> Sequence[HistoryRow]:
    """The history entries of these numbers."""
    place = tuple_(col(HistoryRow.ticket_id), col(HistoryRow.seq))
    found = select(HistoryRow).where(place.in_(places))
    return (await session.scalars(found.order_by(col(HistoryRow.ticket_id), col(HistoryRow.seq)))).all()


async def status_changes(
    session: AsyncSession, before: Mapping[UUID, int], *, limit: int
) -> Sequence[HistoryRow]:
    """Of each ticket the last entries before a number by which its status became another one, oldest first."""
    wanted = values(column("id", Uuid), column("until", Integer), name="wanted").data(list(before.items()))
    status = col(HistoryRow.after)["status"].astext
    last = (
        select(HistoryRow)
        .where(col(HistoryRow.ticket_id) == wanted.c.id, col(HistoryRow.seq) < wanted.c.until)
        .where(status.is_not(None), status.is_distinct_from(col(HistoryRow.before)["status"].astext))
        .order_by(col(HistoryRow.seq).desc())
        .limit(limit)
        .lateral("ends")
    )
    entry = aliased(HistoryRow, last)
    found = select(entry).select_from(wanted.join(last, true()))
    return (await session.scalars(found.order_by(col(entry.ticket_id), col(entry.seq)))).all()


async def notes(
    session: AsyncSession, until: Mapping[UUID, datetime], *, limit: int, besides: Collection[UUID]
) -> Sequence[NoteRow]:
    """Of each ticket the last notes up to a moment, and those of these ids; oldest first."""
    wanted = values(column("id", Uuid), column("until", DateTime(timezone=True)), name="wanted").data(
        list(until.items())
    )
    last = (
        select(col(NoteRow.id))
        .where(col(NoteRow.ticket_id) == wanted.c.id, col(NoteRow.written_at) <= wanted.c.until)
        .order_by(col(NoteRow.id).desc())
        .limit(limit)
        .lateral("ends")
    )
    newest = select(last.c.id).select_from(wanted.join(last, true()))
    found = select(NoteRow).where(col(NoteRow.id).in_(newest) | col(NoteRow.id).in_(besides))
    return (await session.scalars(found.order_by(col(NoteRow.id)))).all()


async def beginnings(session: AsyncSession, note_ids: Collection[UUID], *, length: int) -> Mapping[UUID, str]:
    """How these notes begin."""
    found = select(col(NoteRow.id), func.left(col(NoteRow.text), length)).where(col(NoteRow.id).in_(note_ids))
    return dict((await session.execute(found)).all())

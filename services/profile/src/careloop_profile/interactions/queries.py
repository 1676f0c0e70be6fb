from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions.models import ActivityRow, ArchiveRow, InteractionRow, LetterRow


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


INTERACTION, ACTIVITY = _table(InteractionRow), _table(ActivityRow)


async def timeline(
    session: AsyncSession, customer_id: UUID, *, before: tuple[Any, ...] | None, limit: int
) -> Sequence[Any]:
    """A customer's interactions from the newest on."""
    columns = INTERACTION.c
    shown = (columns.channel, columns.kind, columns.direction, columns.amount, columns.properties)
    statement = select(
        columns.message_uid.label("interaction_id"), columns.occurred_at, *shown, columns.time_suspect
    ).where(columns.customer_id == customer_id)
    place = columns.occurred_at, columns.message_uid
    return (await session.execute(keyset.backward(statement, *place, before=before, limit=limit))).all()


async def activity(session: AsyncSession, customer_id: UUID) -> Sequence[Any]:
    statement = select(ACTIVITY).where(ACTIVITY.c.customer_id == customer_id).order_by(ACTIVITY.c.channel)
    return (await session.execute(statement)).all()


async def letters(
    session: AsyncSession,
    wanted: Mapping[str, str | None],
    *,
    waiting: bool | None,
    before: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[LetterRow]:
    """Dead letters of intake, the newest first."""
    statement = select(LetterRow)
    for name, value in wanted.items():
        if value is not None:
            statement = statement.where(getattr(LetterRow, name) == value)
    if waiting is not None:
        place = col(LetterRow.replayed_at)
        statement = statement.where(place.is_(None) if waiting else place.is_not(None))
    key = col(LetterRow.received_at), col(LetterRow.id)
    return (await session.scalars(keyset.backward(statement, *key, before=before, limit=limit))).all()


async def hold_waiting(session: AsyncSession, reason: str, *, limit: int) -> Sequence[LetterRow]:
    """Letters that wait for this reason, those first that were tried least; nobody else takes them meanwhile."""
    waiting = select(LetterRow).where(col(LetterRow.reason) == reason, col(LetterRow.replayed_at).is_(None))
    ordered = waiting.order_by(col(LetterRow.attempts), col(LetterRow.received_at), col(LetterRow.id))
    return (await session.scalars(ordered.limit(limit).with_for_update(skip_locked=True))).all()


async def waiting(session: AsyncSession, reason: str) -> int:
    """How many letters wait for this reason."""
    statement = select(func.count()).select_from(LetterRow)
    statement = statement.where(col(LetterRow.reason) == reason, col(LetterRow.replayed_at).is_(None))
    return await session.scalar(statement) or 0


async def archives(session: AsyncSession) -> Sequence[ArchiveRow]:
    """The days that have become files, the latest first."""
    return (await session.scalars(select(ArchiveRow).order_by(col(ArchiveRow.first).desc()))).all()

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from careloop_common import keyset
from careloop_common.errors import InvalidCursor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.drills.models import DrillRow, MeasureRow


async def drills(
    session: AsyncSession, *, team: str | None, done: bool | None, before: UUID | None, limit: int
) -> Sequence[DrillRow]:
    """The newest first."""
    wanted = select(DrillRow)
    if team is not None:
        wanted = wanted.where(col(DrillRow.team) == team)
    if done is not None:
        wanted = wanted.where(col(DrillRow.done_at).is_not(None) == done)
    return (
        await session.scalars(keyset.backward(wanted, col(DrillRow.id), before=before, limit=limit))
    ).all()


async def lock_drill(session: AsyncSession, drill_id: UUID) -> DrillRow | None:
    return await session.get(DrillRow, drill_id, with_for_update=True, populate_existing=True)


async def lock_measure(session: AsyncSession, measure_id: UUID) -> MeasureRow | None:
    return await session.get(MeasureRow, measure_id, with_for_update=True, populate_existing=True)


async def measures_of(session: AsyncSession, drill_id: UUID) -> Sequence[MeasureRow]:
    theirs = select(MeasureRow).where(col(MeasureRow.drill_id) == drill_id)
    return (await session.scalars(theirs.order_by(col(MeasureRow.due_on), col(MeasureRow.id)))).all()


async def open_measures(
    session: AsyncSession,
    *,
    team: str | None,
    owner_id: str | None,
    due_before: date | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    """Those that are not done, with the team whose drill asked for them; the most urgent first."""
    wanted = select(MeasureRow, col(DrillRow.team)).join(
        DrillRow, col(DrillRow.id) == col(MeasureRow.drill_id)
    )
    wanted = wanted.where(col(MeasureRow.done_at).is_(None))
    if team is not None:
        wanted = wanted.where(col(DrillRow.team) == team)
    if owner_id is not None:
        wanted = wanted.where(col(MeasureRow.owner_id) == owner_id)
    if due_before is not None:
        wanted = wanted.where(col(MeasureRow.due_on) < due_before)
    place = col(MeasureRow.due_on), col(MeasureRow.id)
    key = (_day(after[0]), after[1]) if after else None
    return (await session.execute(keyset.forward(wanted, *place, after=key, limit=limit))).all()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidCursor(pointer="cursor") from error

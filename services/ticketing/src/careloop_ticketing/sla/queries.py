from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlmodel import col

from careloop_ticketing.sla.models import ClockRow, PolicyRow
from careloop_ticketing.sla.policy.clock import State

_NEWEST = (
    select(col(PolicyRow.version), cast(PolicyRow.document, Text))
    .order_by(col(PolicyRow.version).desc())
    .limit(1)
)


async def newest_document(session: AsyncSession) -> tuple[int, str]:
    return (await session.execute(_NEWEST)).one()


async def documents(session: AsyncSession, versions: Collection[int]) -> Sequence[tuple[int, str]]:
    wanted = select(col(PolicyRow.version), cast(PolicyRow.document, Text))
    return (await session.execute(wanted.where(col(PolicyRow.version).in_(versions)))).all()


async def versions(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[PolicyRow]:
    newest_first = select(PolicyRow).order_by(col(PolicyRow.version).desc()).limit(limit)
    if before is not None:
        newest_first = newest_first.where(col(PolicyRow.version) < before)
    return (await session.scalars(newest_first)).all()


async def clocks(session: AsyncSession, subject_ids: Collection[UUID]) -> Sequence[ClockRow]:
    wanted = (
        select(ClockRow)
        .where(col(ClockRow.subject_id).in_(subject_ids))
        .options(selectinload(ClockRow.intervals))  # type: ignore[arg-type]  # SQLModel types the row, not the class
        .order_by(col(ClockRow.started_at), col(ClockRow.name))
    )
    return (await session.scalars(wanted)).all()


def breached(now: datetime) -> ColumnElement[bool]:
    """Whether the target was reached, be the worker late or not."""
    running_late = and_(col(ClockRow.state) == State.RUNNING, col(ClockRow.due_at) <= now)
    return or_(col(ClockRow.breached_at).is_not(None), running_late)


def breached_subjects(now: datetime) -> Select[UUID]:
    return select(col(ClockRow.subject_id)).where(breached(now))


async def attainment(session: AsyncSession, now: datetime) -> Sequence[tuple[str, int, int, int]]:
    """Per clock: how many met their target, how many broke it, how many are still running within it."""
    late = breached(now)
    done = col(ClockRow.state) == State.STOPPED
    counts = select(
        col(ClockRow.name),
        func.count().filter(and_(done, ~late)),
        func.count().filter(late),
        func.count().filter(and_(~done, ~late)),
    ).group_by(col(ClockRow.name))
    return (await session.execute(counts.order_by(col(ClockRow.name)))).all()


async def count_breached(session: AsyncSession, now: datetime) -> int:
    subjects = select(func.count(col(ClockRow.subject_id).distinct())).where(breached(now))
    return (await session.execute(subjects)).scalar_one()

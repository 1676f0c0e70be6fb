from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.staff import service as staff
from careloop_ticketing.training.models import CourseRow, ResultRow

_CORRECTION: Final = aliased(ResultRow)


async def courses(session: AsyncSession, *, after: str | None, limit: int) -> Sequence[CourseRow]:
    wanted = keyset.forward(select(CourseRow), col(CourseRow.code), after=after, limit=limit)
    return (await session.scalars(wanted)).all()


async def results(
    session: AsyncSession,
    *,
    agent_id: str | None,
    course: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Any]:
    """Each with the id of the one that took its place, the newest first."""
    wanted = select(ResultRow, col(_CORRECTION.id)).outerjoin(
        _CORRECTION, col(_CORRECTION.corrects) == col(ResultRow.id)
    )
    if agent_id is not None:
        wanted = wanted.where(col(ResultRow.agent_id) == agent_id)
    if course is not None:
        wanted = wanted.where(col(ResultRow.course) == course)
    return (
        await session.execute(keyset.backward(wanted, col(ResultRow.id), before=before, limit=limit))
    ).all()


async def lock_result(session: AsyncSession, result_id: UUID) -> ResultRow | None:
    return await session.get(ResultRow, result_id, with_for_update=True, populate_existing=True)


async def correction_of(session: AsyncSession, result_id: UUID) -> UUID | None:
    found = select(col(ResultRow.id)).where(col(ResultRow.corrects) == result_id)
    return (await session.scalars(found)).one_or_none()


async def renewals(
    session: AsyncSession,
    *,
    team: str | None,
    until: datetime,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> Sequence[Any]:
    """Who is active and passed a course that is still offered, of which nothing counts any more by then."""
    ends = func.max(col(ResultRow.valid_until))
    passed = (
        select(col(ResultRow.agent_id), col(ResultRow.course), ends.label("valid_until"))
        .outerjoin(_CORRECTION, col(_CORRECTION.corrects) == col(ResultRow.id))
        .where(
            col(_CORRECTION.id).is_(None),
            col(ResultRow.passed),
            col(ResultRow.agent_id).in_(staff.working(team)),
        )
        .group_by(col(ResultRow.agent_id), col(ResultRow.course))
        .having(func.bool_and(col(ResultRow.valid_until).is_not(None)), ends <= until)
        .subquery()
    )
    wanted = select(passed, CourseRow).join(CourseRow, col(CourseRow.code) == passed.c.course)
    place = passed.c.valid_until, passed.c.agent_id, passed.c.course
    offered = wanted.where(col(CourseRow.offered))
    return (await session.execute(keyset.forward(offered, *place, after=after, limit=limit))).all()

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.medals.models import AwardRow, MedalMonthRow, MedalRow
from careloop_ticketing.tickets.service import Ticket

Key = tuple[str, str]
"""A medal, and who has it."""


async def medals(session: AsyncSession, *, after: str | None, limit: int) -> Sequence[MedalRow]:
    wanted = keyset.forward(select(MedalRow), col(MedalRow.code), after=after, limit=limit)
    return (await session.scalars(wanted)).all()


async def by_figures(session: AsyncSession, code: str | None) -> Sequence[MedalRow]:
    """Those that are awarded by a rule, or this one if it is."""
    wanted = select(MedalRow).where(col(MedalRow.rule).is_not(None), col(MedalRow.active))
    if code is not None:
        wanted = wanted.where(col(MedalRow.code) == code)
    return (await session.scalars(wanted.order_by(col(MedalRow.code)))).all()


async def closed(session: AsyncSession, tickets: ColumnElement[bool]) -> Mapping[str, int]:
    """How many of these tickets are archived, by who held them."""
    found = select(col(Ticket.assignee_id), func.count()).where(
        tickets, col(Ticket.archived_at).is_not(None), col(Ticket.assignee_id).is_not(None)
    )
    rows = await session.execute(found.group_by(col(Ticket.assignee_id)))
    return {str(holder): count for holder, count in rows}


async def awarded(session: AsyncSession, month: str) -> frozenset[Key]:
    """What was awarded for the month, taken back or not."""
    found = select(col(AwardRow.medal), col(AwardRow.agent_id)).where(col(AwardRow.month) == month)
    return frozenset((medal, agent_id) for medal, agent_id in await session.execute(found))


async def award(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> frozenset[Key]:
    """Store awards; those are left out that are there for the same medal, person and month. Which were new."""
    if not rows:
        return frozenset()
    added = insert(AwardRow).on_conflict_do_nothing(constraint="uq_medal_award_medal")
    new = await session.execute(added.returning(col(AwardRow.medal), col(AwardRow.agent_id)), rows)
    return frozenset((medal, agent_id) for medal, agent_id in new)


async def award_for(session: AsyncSession, medal: str, agent_id: str, month: str) -> AwardRow | None:
    found = select(AwardRow).where(
        col(AwardRow.medal) == medal, col(AwardRow.agent_id) == agent_id, col(AwardRow.month) == month
    )
    return (await session.scalars(found)).one_or_none()


async def lock_award(session: AsyncSession, award_id: UUID) -> AwardRow | None:
    return await session.get(AwardRow, award_id, with_for_update=True, populate_existing=True)


async def awards(
    session: AsyncSession,
    *,
    medal: str | None,
    agent_id: str | None,
    month: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[AwardRow]:
    """The newest first, those included that were taken back."""
    wanted = select(AwardRow)
    for column, value in ((AwardRow.medal, medal), (AwardRow.agent_id, agent_id), (AwardRow.month, month)):
        if value is not None:
            wanted = wanted.where(col(column) == value)
    return (
        await session.scalars(keyset.backward(wanted, col(AwardRow.id), before=before, limit=limit))
    ).all()


async def held(session: AsyncSession, agent_id: str, *, before: UUID | None, limit: int) -> Sequence[Any]:
    """What somebody has and was not taken back, with its medal, the newest first."""
    theirs = (
        select(AwardRow, MedalRow)
        .join(MedalRow, col(MedalRow.code) == col(AwardRow.medal))
        .where(col(AwardRow.agent_id) == agent_id, col(AwardRow.taken_back_at).is_(None))
    )
    return (
        await session.execute(keyset.backward(theirs, col(AwardRow.id), before=before, limit=limit))
    ).all()


async def last_judged(session: AsyncSession) -> str | None:
    return (await session.execute(select(func.max(col(MedalMonthRow.month))))).scalar_one()

"""Parents and children: many tickets at a time."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets.models import LinkRow, TicketRow
from careloop_ticketing.tickets.policy import LinkType
from careloop_ticketing.tickets.queries import OPEN

_CHILD: Final = col(LinkRow.type) == LinkType.CHILD


async def known(session: AsyncSession, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are tickets."""
    found = select(col(TicketRow.id)).where(col(TicketRow.id).in_(ticket_ids))
    return set((await session.scalars(found)).all())


async def children_by_status(session: AsyncSession, parent: UUID) -> dict[str, int]:
    counts = (
        select(col(TicketRow.status), func.count())
        .join(LinkRow, col(LinkRow.from_id) == col(TicketRow.id))
        .where(col(LinkRow.to_id) == parent, _CHILD)
        .group_by(col(TicketRow.status))
    )
    return {status.value: count for status, count in (await session.execute(counts)).all()}


async def open_children(session: AsyncSession, parent: UUID) -> list[UUID]:
    found = (
        select(col(TicketRow.id))
        .join(LinkRow, col(LinkRow.from_id) == col(TicketRow.id))
        .where(col(LinkRow.to_id) == parent, _CHILD, col(TicketRow.status).in_(OPEN))
        .order_by(col(TicketRow.id))
    )
    return list((await session.scalars(found)).all())

"""Parents and children: many tickets at a time. What a ticket took in by a merge brought its children along."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets import kin
from careloop_ticketing.tickets.models import LinkRow, TicketRow
from careloop_ticketing.tickets.policy import LinkType
from careloop_ticketing.vocabulary import OPEN

_CHILD: Final = col(LinkRow.type) == LinkType.CHILD
_BY_STATUS: Final = text(
    "WITH RECURSIVE merged (parent, id) AS (SELECT p.id, p.id FROM unnest(CAST(:parents AS uuid[])) AS p (id) UNION"
    " SELECT m.parent, t.id FROM ticket AS t JOIN merged AS m ON t.merged_into = m.id)"
    " SELECT m.parent, t.status, count(DISTINCT t.id) FROM merged AS m JOIN ticket_link AS l ON l.to_id = m.id"
    " JOIN ticket AS t ON t.id = l.from_id WHERE l.type = 'child' GROUP BY m.parent, t.status"
)


async def known(session: AsyncSession, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are tickets."""
    found = select(col(TicketRow.id)).where(col(TicketRow.id).in_(ticket_ids))
    return set((await session.scalars(found)).all())


async def children_by_status(session: AsyncSession, parents: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """How many children of each status every one of the parents has."""
    found: dict[UUID, dict[str, int]] = {parent: {} for parent in parents}
    for parent, status, count in await session.execute(_BY_STATUS, {"parents": list(parents)}):
        found[parent][status] = count
    return found


async def open_children(session: AsyncSession, parent: UUID) -> list[UUID]:
    found = (
        select(col(TicketRow.id))
        .join(LinkRow, col(LinkRow.from_id) == col(TicketRow.id))
        .where(col(LinkRow.to_id).in_(kin.with_merged(parent)), _CHILD, col(TicketRow.status).in_(OPEN))
        .distinct()
        .order_by(col(TicketRow.id))
    )
    return list((await session.scalars(found)).all())

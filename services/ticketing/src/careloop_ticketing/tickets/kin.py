"""What tickets are to each other: what was merged into which, whose child is whose."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ScalarSelect, Uuid, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets.models import LinkRow
from careloop_ticketing.tickets.policy import LinkType

_MERGED: Final = text(
    "WITH RECURSIVE merged (id) AS (SELECT CAST(:id AS uuid) UNION"
    " SELECT t.id FROM ticket AS t JOIN merged AS m ON t.merged_into = m.id) SELECT id FROM merged"
)
_MERGED_AT_LAST: Final = text(
    "WITH RECURSIVE way (id, into_id) AS (SELECT id, merged_into FROM ticket WHERE id = :id UNION"
    " SELECT t.id, t.merged_into FROM ticket AS t JOIN way AS w ON t.id = w.into_id)"
    " SELECT id FROM way WHERE into_id IS NULL"
)
_DESCENDS: Final = text(
    "WITH RECURSIVE above (id) AS (SELECT CAST(:id AS uuid) UNION SELECT up.id FROM above AS a CROSS JOIN LATERAL"
    " (SELECT to_id FROM ticket_link WHERE from_id = a.id AND type = 'child' UNION ALL"
    " SELECT merged_into FROM ticket WHERE ticket.id = a.id AND merged_into IS NOT NULL) AS up (id))"
    " SELECT EXISTS (SELECT FROM above WHERE id = :of)"
)
_INCIDENTS: Final = text(
    "WITH RECURSIVE merged (into_id, id) AS (SELECT g.id, g.id FROM unnest(CAST(:ids AS uuid[])) AS g (id) UNION"
    " SELECT m.into_id, t.id FROM ticket AS t JOIN merged AS m ON t.merged_into = m.id)"
    " SELECT DISTINCT m.into_id FROM merged AS m JOIN incident AS i ON i.ticket_id = m.id"
)
_FAMILIES: Final = 7_306_001
"""Number of the lock under which families grow: two links or merges that look harmless may close a circle together."""


def with_merged(ticket_id: UUID) -> ScalarSelect[UUID]:
    """The ticket and all that were merged into it."""
    return _MERGED.bindparams(id=ticket_id).columns(id=Uuid).scalar_subquery()


async def merged_at_last(session: AsyncSession, ticket_id: UUID) -> UUID:
    """The ticket at the end of a row of merges."""
    found: UUID = (await session.execute(_MERGED_AT_LAST, {"id": ticket_id})).scalar_one()
    return found


async def is_descendant(session: AsyncSession, ticket_id: UUID, *, of: UUID) -> bool:
    """Whether a ticket is a child, or child's child, of another or of what was merged into it. Stays true until commit."""
    await session.execute(select(func.pg_advisory_xact_lock(_FAMILIES)))
    return bool(await session.scalar(_DESCENDS, {"id": ticket_id, "of": of}))


async def is_child(session: AsyncSession, ticket_id: UUID) -> bool:
    theirs = select(LinkRow).where(col(LinkRow.from_id) == ticket_id, col(LinkRow.type) == LinkType.CHILD)
    return bool(await session.scalar(select(theirs.exists())))


async def incidents(session: AsyncSession, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Those of these tickets that stand for a fault: also one that has taken an incident in, and with it the children."""
    return set((await session.scalars(_INCIDENTS, {"ids": list(ticket_ids)})).all())


async def links(
    session: AsyncSession, ticket_id: UUID, *, before: tuple[Any, ...] | None, limit: int
) -> Sequence[LinkRow]:
    """From and to a ticket, the newest first."""
    theirs = select(LinkRow).where(or_(col(LinkRow.from_id) == ticket_id, col(LinkRow.to_id) == ticket_id))
    key = col(LinkRow.linked_at), col(LinkRow.from_id), col(LinkRow.to_id), col(LinkRow.type)
    return (await session.scalars(keyset.backward(theirs, *key, before=before, limit=limit))).all()

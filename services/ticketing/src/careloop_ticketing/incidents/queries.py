from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.incidents.models import IncidentChildRow, IncidentRow, Progress

# A child that is done and open again was reopened: only a new request resolves it once more.
_EXPECT: Final = text(
    "INSERT INTO incident_child (incident_id, ticket_id, progress) SELECT :incident, id, 'pending'"
    " FROM unnest(CAST(:children AS uuid[])) AS new (id)"
    " ON CONFLICT (incident_id, ticket_id) DO UPDATE SET progress = 'pending', done_at = NULL"
)


async def unfinished(session: AsyncSession) -> IncidentRow | None:
    """The oldest incident with children to resolve, for this transaction alone."""
    waiting = select(IncidentRow).where(
        col(IncidentRow.requested_at).is_not(None), col(IncidentRow.finished_at).is_(None)
    )
    first = waiting.order_by(col(IncidentRow.requested_at)).limit(1).with_for_update(skip_locked=True)
    return (await session.scalars(first)).first()


async def expect(session: AsyncSession, incident_id: UUID, children: Collection[UUID]) -> None:
    await session.execute(_EXPECT, {"incident": incident_id, "children": list(children)})


async def pending(session: AsyncSession, incident_id: UUID, *, limit: int) -> Sequence[IncidentChildRow]:
    waiting = select(IncidentChildRow).where(
        col(IncidentChildRow.incident_id) == incident_id, col(IncidentChildRow.progress) == Progress.PENDING
    )
    return (await session.scalars(waiting.order_by(col(IncidentChildRow.ticket_id)).limit(limit))).all()


async def progress(session: AsyncSession, incident_id: UUID) -> dict[Progress, int]:
    counts = select(col(IncidentChildRow.progress), func.count()).where(
        col(IncidentChildRow.incident_id) == incident_id
    )
    found = dict((await session.execute(counts.group_by(col(IncidentChildRow.progress)))).all())
    return {one: found.get(one, 0) for one in Progress}

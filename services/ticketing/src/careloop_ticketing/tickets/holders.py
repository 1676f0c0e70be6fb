"""Who held tickets from when on, as their histories tell."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class Handover(NamedTuple):
    """What of its place an entry changed: None did not change, empty is nobody."""

    at: datetime
    level: str | None
    team: str | None
    assignee: str | None


_HANDOVERS: Final = text(
    "SELECT ticket_id, at,"
    " CASE WHEN after ? 'level' THEN coalesce(after ->> 'level', '') END AS level,"
    " CASE WHEN after ? 'team' THEN coalesce(after ->> 'team', '') END AS team,"
    " CASE WHEN after ? 'assignee_id' THEN coalesce(after ->> 'assignee_id', '') END AS assignee"
    " FROM ticket_history WHERE ticket_id = ANY(:ids) AND after ?| ARRAY['level', 'team', 'assignee_id']"
    " ORDER BY ticket_id, seq"
)


async def handovers(session: AsyncSession, ticket_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Handover]]:
    """The handovers of each ticket, in order; the first is its opening."""
    found: dict[UUID, list[Handover]] = defaultdict(list)
    for ticket_id, *told in await session.execute(_HANDOVERS, {"ids": list(ticket_ids)}):
        found[ticket_id].append(Handover(*told))
    return found

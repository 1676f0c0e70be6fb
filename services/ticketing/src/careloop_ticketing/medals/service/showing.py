from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.medals import queries


@dataclass(frozen=True, slots=True)
class Held:
    """A medal as its holder shows it."""

    award_id: UUID
    medal: str
    name: str
    name_zh: str
    month: str
    awarded_at: datetime


async def held_by(
    session: AsyncSession, agent_id: str, *, before: UUID | None = None, limit: int
) -> Sequence[Held]:
    """What somebody has, the newest first; nothing that was taken back."""
    rows = await queries.held(session, agent_id, before=before, limit=limit)
    return [
        Held(award.id, medal.code, medal.name, medal.name_zh, award.month, award.awarded_at)
        for award, medal in rows
    ]

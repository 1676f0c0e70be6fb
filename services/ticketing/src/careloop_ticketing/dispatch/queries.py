from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets.service import Ticket

# What ended takes its virtual team with it.
_END_TEAMS: Final = text(
    "UPDATE team SET ended_at = :now, changed_at = :now, version = team.version + 1 FROM ticket AS t"
    " WHERE t.id = team.ticket_id AND team.ended_at IS NULL"
    " AND t.status IN ('archived', 'merged', 'rejected', 'cancelled') RETURNING team.code"
)


async def end_teams(session: AsyncSession, now: datetime) -> Sequence[str]:
    return (await session.scalars(_END_TEAMS, {"now": now})).all()


async def resolved_by(session: AsyncSession, agent_id: str, since: datetime, until: datetime) -> int:
    """Tickets that are resolved, and were so in this span of time by who held them."""
    done = select(func.count()).where(
        col(Ticket.assignee_id) == agent_id,
        col(Ticket.resolved_at) >= since,
        col(Ticket.resolved_at) < until,
    )
    return (await session.execute(done)).scalar_one()

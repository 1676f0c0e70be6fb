from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tickets.service import Ticket

# What ended takes its virtual team with it.
_OVER: Final = text(
    "SELECT team.code FROM team JOIN ticket AS t ON t.id = team.ticket_id WHERE team.ended_at IS NULL"
    " AND t.status IN ('archived', 'merged', 'rejected', 'cancelled')"
)
_END_TEAMS: Final = text(
    "UPDATE team SET ended_at = :now, changed_at = :now, version = team.version + 1 FROM (SELECT code FROM team"
    " WHERE code = ANY(:codes) AND ended_at IS NULL ORDER BY code FOR UPDATE) AS over WHERE team.code = over.code"
)


async def teams_over(session: AsyncSession) -> Sequence[str]:
    """Virtual teams of tickets that have ended."""
    return (await session.scalars(_OVER)).all()


async def end_teams(session: AsyncSession, codes: Sequence[str], now: datetime) -> None:
    await session.execute(_END_TEAMS, {"codes": codes, "now": now})


async def resolved_by(session: AsyncSession, agent_id: str, since: datetime, until: datetime) -> int:
    """Tickets that are resolved, and were so in this span of time by who held them."""
    done = select(func.count()).where(
        col(Ticket.assignee_id) == agent_id,
        col(Ticket.resolved_at) >= since,
        col(Ticket.resolved_at) < until,
    )
    return (await session.execute(done)).scalar_one()

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.sla import queries as sla
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.vocabulary import WITHDRAWN

_COUNTS = col(Ticket.id) == sla.SUBJECT, col(Ticket.status).not_in(WITHDRAWN)
"""Clocks of tickets that are in any figure."""


async def attainment(session: AsyncSession, now: datetime) -> Sequence[Any]:
    """Per clock: how many were met, broken, neither, and of these late only by a change of terms."""
    name, *counts = sla.outcome(now)
    figures = select(name, *counts).where(*_COUNTS).group_by(name).order_by(name)
    return (await session.execute(figures)).all()


async def count_breached(session: AsyncSession, now: datetime) -> int:
    """Tickets of which a clock was broken."""
    late = select(func.count(sla.SUBJECT.distinct())).where(sla.broken(now), *_COUNTS)
    return (await session.execute(late)).scalar_one()

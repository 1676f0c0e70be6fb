from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.sla import queries as sla
from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets.policy import CancelReason
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.vocabulary import WITHDRAWN, Status

_NOBODY = (CancelReason.MISTAKE, CancelReason.TEST)
"""Why tickets are cancelled with which nobody asked for anything."""
_THEIRS = col(Ticket.id) == sla.SUBJECT


def counted(now: datetime) -> ColumnElement[bool]:
    """Clocks that are in figures: those of tickets that still ask for something, or did until they were answered.

    And what was broken before its ticket was merged or withdrawn, which is no way out of that. Who was rejected, and what was
    a mistake or a test, was promised nothing.
    """
    asks = col(Ticket.status).not_in(WITHDRAWN)
    promised = and_(
        col(Ticket.status) != Status.REJECTED,
        func.coalesce(tickets.cancelled_because(), "").not_in(_NOBODY),
    )
    return or_(asks, and_(sla.broken(now), promised))


async def attainment(session: AsyncSession, now: datetime) -> Sequence[Any]:
    """Per clock: how many were met, broken, neither, and of these late only by a change of terms."""
    name, *counts = sla.outcome(now)
    figures = select(name, *counts).where(_THEIRS, counted(now)).group_by(name).order_by(name)
    return (await session.execute(figures)).all()


async def count_breached(session: AsyncSession, now: datetime) -> int:
    """Tickets of which a clock was broken."""
    late = select(func.count(sla.SUBJECT.distinct())).where(sla.broken(now), _THEIRS, counted(now))
    return (await session.execute(late)).scalar_one()

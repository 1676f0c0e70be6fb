from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.escalation.models import EscalationRow


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from when steps were due to when they were taken."""

    count: int
    p50: float
    p99: float
    max: float


async def newest(
    session: AsyncSession, *, ticket_id: UUID | None, step: str | None, before: UUID | None, limit: int
) -> Sequence[EscalationRow]:
    taken = select(EscalationRow)
    if ticket_id is not None:
        taken = taken.where(col(EscalationRow.ticket_id) == ticket_id)
    if step is not None:
        taken = taken.where(col(EscalationRow.step) == step)
    newest_first = keyset.backward(taken, col(EscalationRow.id), before=before, limit=limit)
    return (await session.scalars(newest_first)).all()


async def lateness(session: AsyncSession, *, since: datetime | None) -> Lateness:
    seconds = func.extract("epoch", col(EscalationRow.escalated_at) - col(EscalationRow.due_at))
    figures = select(
        func.count(),
        func.percentile_cont(0.5).within_group(seconds),
        func.percentile_cont(0.99).within_group(seconds),
        func.max(seconds),
    ).select_from(EscalationRow)
    if since is not None:
        figures = figures.where(col(EscalationRow.escalated_at) >= since)
    count, *rest = (await session.execute(figures)).one()
    return Lateness(count, *(round(float(figure or 0), 6) for figure in rest))

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.escalation.models import EscalationRow
from careloop_ticketing.notices import service as notices


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from when steps were due to when they were taken."""

    count: int
    p50: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which steps are asked for: those for which all that is given holds."""

    ticket_id: UUID | None = None
    step: str | None = None
    told: str | None = None
    person: str | None = None
    team: str | None = None
    region: str | None = None
    since: datetime | None = None
    unacknowledged: bool | None = None


async def newest(
    session: AsyncSession, wanted: Wanted, *, before: UUID | None, limit: int
) -> Sequence[EscalationRow]:
    taken = select(EscalationRow)
    for name in ("ticket_id", "step", "told", "team", "region"):
        if (value := getattr(wanted, name)) is not None:
            taken = taken.where(getattr(EscalationRow, name) == value)
    if wanted.person is not None:
        taken = taken.where(col(EscalationRow.people).contains([wanted.person]))
    if wanted.since is not None:
        taken = taken.where(col(EscalationRow.escalated_at) >= wanted.since)
    if wanted.unacknowledged is not None:
        waits = notices.waits(col(EscalationRow.ticket_id))
        taken = taken.where(waits if wanted.unacknowledged else ~waits)
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

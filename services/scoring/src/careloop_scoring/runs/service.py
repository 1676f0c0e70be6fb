"""Asking for runs and recording how far they got."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from careloop_common import ids, keyset
from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.runs.errors import (
    AsOfOutOfRange,
    RunTakenOver,
    ScoringRunAlreadyQueued,
    ScoringRunUnknown,
)
from careloop_scoring.runs.models import ScoringRun
from careloop_scoring.runs.policy import MAX_ATTEMPTS, Phase, State

_RUN = ScoringRun.__table__.c  # type: ignore[attr-defined]
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_OPEN = (State.QUEUED, State.RUNNING)


async def request(
    session: AsyncSession,
    *,
    train: str,
    raise_warnings: bool,
    refresh_cut_points: bool,
    as_of: datetime | None,
    by: str,
    now: datetime,
) -> ScoringRun:
    if as_of is not None and not EARLIEST <= as_of <= now:
        raise AsOfOutOfRange(f"as_of must lie between {EARLIEST:%Y-%m-%d} and now.", pointer="/as_of")
    row = ScoringRun(
        id=ids.new_id(),
        state=State.QUEUED,
        phase=Phase.TRAINING,
        train=train,
        raise_warnings=raise_warnings,
        refresh_cut_points=refresh_cut_points,
        as_of=as_of or now,
        requested_by=by,
        requested_at=now,
        counts={},
        metrics={},
        notes=[],
    )
    statement = insert(ScoringRun).values(row.model_dump()).on_conflict_do_nothing().returning(_RUN.id)
    if (await session.execute(statement)).scalar_one_or_none() is None:
        raise ScoringRunAlreadyQueued("Wait until the queued run has started, or take its result.")
    return row


async def find(session: AsyncSession, run_id: UUID) -> ScoringRun:
    found = await session.get(ScoringRun, run_id)
    if found is None:
        raise ScoringRunUnknown(f"No scoring run {run_id}.")
    return found


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[ScoringRun]:
    statement = keyset.backward(select(ScoringRun), _RUN.id, before=before, limit=limit)
    return (await session.execute(statement)).scalars().all()


async def any_open(session: AsyncSession) -> bool:
    statement = select(_RUN.id).where(_RUN.state.in_(_OPEN)).limit(1)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def claim(session: AsyncSession, *, now: datetime) -> ScoringRun | None:
    """The run to work on: one that was left behind, else the oldest queued one. One attempt is counted."""
    first = case((_RUN.state == State.RUNNING, 0), else_=1)
    statement = (
        select(ScoringRun).where(_RUN.state.in_(_OPEN)).order_by(first, _RUN.id).limit(1).with_for_update()
    )
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        return None
    row.attempts += 1
    row.stalled += 1
    row.started_at = row.started_at or now
    row.state = State.RUNNING
    if row.stalled > MAX_ATTEMPTS:
        row.state, row.finished_at, row.error = State.FAILED, now, "gave_up"
    await session.flush()
    return row


async def record(session: AsyncSession, run: ScoringRun, **changes: Any) -> None:
    """Write progress, but only while this attempt is the one at work."""
    mine = (_RUN.id == run.id, _RUN.attempts == run.attempts, _RUN.state == State.RUNNING)
    result: Any = await session.execute(update(ScoringRun).where(*mine).values(stalled=0, **changes))
    if result.rowcount != 1:
        raise RunTakenOver(run.id)
    for name, value in changes.items():
        setattr(run, name, value)

"""Arming and cancelling, within the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.database import after_commit
from careloop_common.plumbing import timer

WAKE: Final = "timers"
"""What `Database.on_commit` calls when a timer was armed."""


async def arm(
    session: AsyncSession,
    *,
    kind: str,
    owner_id: UUID,
    step: str,
    due_at: datetime,
    generation: int = 0,
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Set the timer of (kind, owner, step), in place of the one that may be there.

    A timer of a newer generation stays: then nothing is armed, and False returned.
    """
    values = {
        "kind": kind,
        "owner_id": owner_id,
        "step": step,
        "generation": generation,
        "due_at": due_at,
        "available_at": due_at,
        "attempts": 0,
        "status": "armed",
        "data": dict(data or {}),
        "armed_at": func.now(),
    }
    statement = insert(timer).values(values)
    changed = {name: statement.excluded[name] for name in values if name not in {"kind", "owner_id", "step"}}
    upsert = statement.on_conflict_do_update(
        index_elements=["kind", "owner_id", "step"],
        set_=changed,
        where=timer.c.generation <= statement.excluded.generation,
    ).returning(timer.c.id)
    armed = (await session.execute(upsert)).first() is not None
    after_commit(session, WAKE)
    return armed


async def cancel(session: AsyncSession, kind: str, owner_id: UUID, step: str | None = None) -> int:
    """Remove the timers of an owner, or only that of a step; returns how many there were."""
    statement = delete(timer).where(timer.c.kind == kind, timer.c.owner_id == owner_id)
    if step is not None:
        statement = statement.where(timer.c.step == step)
    return len((await session.execute(statement.returning(timer.c.id))).all())


async def revive(session: AsyncSession, kind: str | None = None) -> int:
    """Arm dead timers again, as due now; returns how many."""
    statement = update(timer).where(timer.c.status == "dead")
    if kind is not None:
        statement = statement.where(timer.c.kind == kind)
    revived = statement.values(status="armed", attempts=0, available_at=func.now()).returning(timer.c.id)
    after_commit(session, WAKE)
    return len((await session.execute(revived)).all())

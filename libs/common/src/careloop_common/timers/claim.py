"""The statements of the timer worker.

`now` is the database's own, read in the claiming transaction and bound as a parameter. `clock_timestamp()` in its place
would be evaluated per row and could not use the index.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningDelete

from careloop_common.plumbing import timer
from careloop_common.timers.due import DueTimer

MAX_ATTEMPTS = 10
_PASSING_DELAY = timedelta(seconds=1)
_COLUMNS = timer.c
_ARCHIVE = text(
    """
    INSERT INTO timer_history
        (id, kind, owner_id, step, generation, data, attempts, due_at, fired_at, outcome)
    SELECT id, kind, owner_id, step, generation, CAST(data AS jsonb), attempts, due_at, :now, :outcome
    FROM unnest(
        CAST(:ids AS bigint[]), CAST(:kinds AS text[]), CAST(:owners AS uuid[]), CAST(:steps AS text[]),
        CAST(:generations AS int[]), CAST(:data AS text[]), CAST(:attempts AS int[]), CAST(:moments AS timestamptz[])
    ) AS fired (id, kind, owner_id, step, generation, data, attempts, due_at)
    """
)


async def database_now(session: AsyncSession) -> datetime:
    """Return when this transaction began, by the database's clock."""
    return (await session.execute(select(func.now()))).scalar_one()


def statement(
    *, now: datetime, kinds: Iterable[str], limit: int, only: int | None = None
) -> ReturningDelete[Any]:
    """Return what takes the timers that are due, in due order, past those that another worker holds."""
    chosen = (
        select(_COLUMNS.id)
        .where(_COLUMNS.status == "armed", _COLUMNS.available_at <= now, _COLUMNS.kind.in_(tuple(kinds)))
        .order_by(_COLUMNS.available_at, _COLUMNS.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if only is not None:
        chosen = chosen.where(_COLUMNS.id == only)
    picked = chosen.cte("picked")
    names = [field.name for field in fields(DueTimer)]
    return delete(timer).where(_COLUMNS.id == picked.c.id).returning(*(_COLUMNS[name] for name in names))


async def due(
    session: AsyncSession, *, now: datetime, kinds: Iterable[str], limit: int, only: int | None = None
) -> list[DueTimer]:
    """Take the timers that are due out of the table, in due order; a rollback puts them back.

    A handler may arm the same step again in this transaction: its row is gone by then.
    """
    rows = (await session.execute(statement(now=now, kinds=kinds, limit=limit, only=only))).mappings()
    return sorted((DueTimer(**row) for row in rows), key=lambda item: (item.due_at, item.id))


async def archive(session: AsyncSession, timers: Sequence[DueTimer], *, now: datetime, outcome: str) -> None:
    """Write down that timers fired."""
    if not timers:
        return
    columns = {
        "ids": [item.id for item in timers],
        "kinds": [item.kind for item in timers],
        "owners": [item.owner_id for item in timers],
        "steps": [item.step for item in timers],
        "generations": [item.generation for item in timers],
        "data": [json.dumps(item.data) if item.data else "{}" for item in timers],
        "attempts": [item.attempts for item in timers],
        "moments": [item.due_at for item in timers],
    }
    await session.execute(_ARCHIVE, {**columns, "now": now, "outcome": outcome})


async def postpone(session: AsyncSession, item: DueTimer, *, mortal: bool) -> str:
    """Set the attempt that follows a failed one; returns the timer's status, `dead` after ten of them.

    A failure that passes by itself is not `mortal`: it does not count, and the timer is tried again every second, for
    what it waits for may be back at any moment.
    """
    attempts = _COLUMNS.attempts + int(mortal)
    delay = timedelta(seconds=min(300, 2**item.attempts)) if mortal else _PASSING_DELAY
    statement = (
        update(timer)
        .where(_COLUMNS.id == item.id)
        .values(
            attempts=attempts,
            available_at=func.now() + delay,
            status=case((attempts >= MAX_ATTEMPTS, "dead"), else_="armed"),
        )
        .returning(_COLUMNS.status)
    )
    return (await session.execute(statement)).scalar_one_or_none() or "gone"


async def seconds_until_next(session: AsyncSession, *, now: datetime, kinds: Iterable[str]) -> float | None:
    """Return how long nothing will be due, or None if nothing is armed."""
    query = (
        select(_COLUMNS.available_at)
        .where(_COLUMNS.status == "armed", _COLUMNS.kind.in_(tuple(kinds)))
        .order_by(_COLUMNS.available_at)
        .limit(1)
    )
    moment = (await session.execute(query)).scalar_one_or_none()
    return None if moment is None else (moment - now).total_seconds()

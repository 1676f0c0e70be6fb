"""The statements of the timer worker.

`now` is the database's own, read in the claiming transaction and bound as a parameter. `clock_timestamp()` in its place
would be evaluated per row and could not use the index.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.plumbing import timer, timer_history
from careloop_common.timers import canary
from careloop_common.timers.due import DueTimer

MAX_ATTEMPTS = 10
LONGEST_DELAY = timedelta(minutes=5)
"""A timer that fails is tried again no later than this."""
REST = timedelta(minutes=1)
"""How long a dead timer is left alone, where somebody tries it again."""
_PASSING_DELAY = timedelta(seconds=1)
_COLUMNS = timer.c
# So that who comes next is the first in an index, whatever the kinds, also while the table was not analysed yet. Asked in the
# plain way, hardly any row is expected to be of these kinds, and all that are get read and sorted.
_OURS = (
    _COLUMNS.status == literal("armed", literal_execute=True),
    func.array_position(bindparam("kinds", type_=ARRAY(Text)), _COLUMNS.kind).is_not(None),
)


def _claim(*only: ColumnElement[bool]) -> Select[Any]:
    """What moves the timers that are due, in due order, into the history, past those that another worker holds.

    The canary leaves no history.
    """
    now = bindparam("now", type_=_COLUMNS.due_at.type)
    picked = (
        select(_COLUMNS.id)
        .where(*_OURS, _COLUMNS.available_at <= now, *only)
        .order_by(_COLUMNS.available_at, _COLUMNS.id)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    names = DueTimer._fields
    taken = delete(timer).where(_COLUMNS.id == picked.c.id).returning(*(_COLUMNS[name] for name in names))
    gone = taken.cte("taken")
    fired = select(*gone.c, now, literal("fired")).where(gone.c.kind != canary.KIND)
    archived = insert(timer_history).from_select([*names, "fired_at", "outcome"], fired).cte("archived")
    return select(*gone.c).add_cte(archived)


# Built once: putting a statement together costs more than running it.
CLAIM = _claim()
_CLAIM_ONE = _claim(_COLUMNS.id == bindparam("only", type_=_COLUMNS.id.type))
NEXT = select(_COLUMNS.available_at).where(*_OURS).order_by(_COLUMNS.available_at).limit(1)


async def database_now(session: AsyncSession) -> datetime:
    """Return when this transaction began, by the database's clock."""
    return (await session.execute(select(func.now()))).scalar_one()


async def due(
    session: AsyncSession, *, now: datetime, kinds: Iterable[str], limit: int, only: int | None = None
) -> list[DueTimer]:
    """Take the timers that are due out of the table, in due order; a rollback puts them back.

    A handler may arm the same step again in this transaction: its row is gone by then.
    """
    given = {"now": now, "kinds": list(kinds), "limit": limit}
    if only is None:
        rows = await session.execute(CLAIM, given)
    else:
        rows = await session.execute(_CLAIM_ONE, given | {"only": only})
    return sorted((DueTimer(*row) for row in rows), key=lambda item: (item.due_at, item.id))


async def postpone(session: AsyncSession, item: DueTimer, *, mortal: bool) -> str:
    """Set the attempt that follows a failed one; returns the timer's status, `dead` after ten of them and then at each.

    A failure that passes by itself is not `mortal`: it does not count, and the timer is tried again every second, for
    what it waits for may be back at any moment.
    """
    attempts = _COLUMNS.attempts + int(mortal)
    dies = attempts >= MAX_ATTEMPTS if mortal else false()
    delay = min(LONGEST_DELAY, timedelta(seconds=2 ** min(item.attempts, 9))) if mortal else _PASSING_DELAY
    statement = (
        update(timer)
        .where(_COLUMNS.id == item.id)
        .values(
            attempts=attempts,
            available_at=func.now() + case((dies, REST), else_=delay),
            status=case((dies, "dead"), else_="armed"),
        )
        .returning(_COLUMNS.status)
    )
    return (await session.execute(statement)).scalar_one_or_none() or "gone"


async def seconds_until_next(session: AsyncSession, *, now: datetime, kinds: Iterable[str]) -> float | None:
    """Return how long nothing will be due, or None if nothing is armed."""
    moment = (await session.execute(NEXT, {"kinds": list(kinds)})).scalar_one_or_none()
    return None if moment is None else (moment - now).total_seconds()

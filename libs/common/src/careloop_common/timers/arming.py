"""Arming and cancelling, within the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, Select, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import clock, records
from careloop_common.database import after_commit
from careloop_common.plumbing import timer

WAKE: Final = "timers"
"""What `Database.on_commit` calls when a timer was armed that is due soon."""
SOON: Final = timedelta(minutes=1)
"""What is due later is found in time by a worker that looks every second; it is not woken for that."""

_CANCEL: Final = text(
    """
    DELETE FROM timer
    USING unnest(CAST(:owners AS uuid[]), CAST(:steps AS text[])) AS gone (owner_id, step)
    WHERE timer.kind = :kind AND timer.owner_id = gone.owner_id AND timer.step = gone.step
    RETURNING timer.id
    """
)
_TIMER: Final = {
    "kind": "text",
    "owner_id": "uuid",
    "step": "text",
    "generation": "int",
    "due_at": "timestamptz",
    "data": "jsonb",
}


def _arming(chosen: FromClause) -> Select[int]:
    """Timers as they are chosen, in place of those that may be there unless these are of a newer generation; counts them."""
    facts = [chosen.c[name] for name in _TIMER]
    new = insert(timer).from_select(
        [*_TIMER, "available_at", "armed_at"], select(*facts, chosen.c.due_at, func.now())
    )
    put = {name: new.excluded[name] for name in ("generation", "due_at", "available_at", "data", "armed_at")}
    armed = new.on_conflict_do_update(
        index_elements=["kind", "owner_id", "step"],
        set_=put | {"attempts": 0, "status": "armed"},
        where=timer.c.generation <= new.excluded.generation,
    )
    return select(func.count()).select_from(armed.returning(timer.c.id).cte("armed"))


_ARM: Final = _arming(
    text(f"SELECT {', '.join(_TIMER)} FROM {records.given(_TIMER)}")  # noqa: S608
    .columns(*(timer.c[name] for name in _TIMER))
    .subquery("given")
)
_ELSEWHERE: Final = text(
    """
    WITH ours AS MATERIALIZED (
        SELECT id FROM timer WHERE kind = :kind AND owner_id = ANY(:owners) FOR UPDATE SKIP LOCKED
    )
    SELECT DISTINCT owner_id FROM timer
    WHERE kind = :kind AND owner_id = ANY(:owners) AND id NOT IN (SELECT id FROM ours)
    """
)


class NewTimer(NamedTuple):
    """A timer to be armed."""

    kind: str
    owner_id: UUID
    step: str
    due_at: datetime
    generation: int = 0
    data: Mapping[str, Any] | None = None


async def in_other_hands(session: AsyncSession, kind: str, owners: Collection[UUID]) -> set[UUID]:
    """Owners of whose timers another transaction holds some; all the other timers are this one's until its end.

    Whoever fires timers and moves others of the same owners asks first: two who moved each other's would wait in a circle.
    """
    found = await session.scalars(_ELSEWHERE, {"kind": kind, "owners": list(owners)})
    return set(found.all())


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
    return await arm_all(session, [NewTimer(kind, owner_id, step, due_at, generation, data)]) == 1


async def arm_all(session: AsyncSession, timers: Iterable[NewTimer]) -> int:
    """Arm many timers by one statement; returns how many no newer generation stood in the way of."""
    latest: dict[tuple[str, UUID, str], NewTimer] = {}
    for new in timers:
        key = (new.kind, new.owner_id, new.step)
        if key not in latest or latest[key].generation <= new.generation:
            latest[key] = new
    if not latest:
        return 0
    rows = records.encode(_TIMER, map(_row, latest.values()))
    # The caller's rows have nothing to do with timers, and are better written all at once.
    with session.no_autoflush:
        armed: int = (await session.execute(_ARM, {"rows": rows})).scalar_one()
    if min(new.due_at for new in latest.values()) <= clock.now() + SOON:
        after_commit(session, WAKE)
    return armed


async def arm_chosen(session: AsyncSession, kind: str, step: str, chosen: FromClause) -> int:
    """Arm a timer for each `owner_id` and its `due_at` that a query comes to, which nobody reads; returns how many. Each owner
    may be there once."""
    rows = select(
        literal(kind).label("kind"),
        chosen.c.owner_id,
        literal(step).label("step"),
        literal(0).label("generation"),
        chosen.c.due_at,
        literal({}, timer.c.data.type).label("data"),
    )
    armed: int = (await session.execute(_arming(rows.subquery("chosen")))).scalar_one()
    after_commit(session, WAKE)
    return armed


def _row(new: NewTimer) -> tuple[Any, ...]:
    return new.kind, new.owner_id, new.step, new.generation, new.due_at, new.data or {}


async def cancel(session: AsyncSession, kind: str, owner_id: UUID, *steps: str) -> int:
    """Remove the timers of an owner, or only those of some steps; returns how many there were."""
    statement = delete(timer).where(timer.c.kind == kind, timer.c.owner_id == owner_id)
    if steps:
        statement = statement.where(timer.c.step.in_(steps))
    with session.no_autoflush:
        return len((await session.execute(statement.returning(timer.c.id))).all())


async def cancel_all(session: AsyncSession, kind: str, gone: Iterable[tuple[UUID, str]]) -> int:
    """Remove the timers of many owners, each named by its step, by one statement; returns how many there were."""
    if not (pairs := list(gone)):
        return 0
    owners, steps = zip(*pairs, strict=True)
    with session.no_autoflush:
        named = {"kind": kind, "owners": list(owners), "steps": list(steps)}
        return len((await session.execute(_CANCEL, named)).all())


async def revive(session: AsyncSession, kind: str | None = None) -> int:
    """Arm dead timers again, as due now; returns how many."""
    statement = update(timer).where(timer.c.status == "dead")
    if kind is not None:
        statement = statement.where(timer.c.kind == kind)
    revived = statement.values(status="armed", attempts=0, available_at=func.now()).returning(timer.c.id)
    after_commit(session, WAKE)
    return len((await session.execute(revived)).all())


async def retry_dead(session: AsyncSession, kind: str, *, limit: int) -> int:
    """Give dead timers of a kind one attempt more, each once its rest is over; returns how many.

    For what must not stay undone once its cause is gone. Who dies again is told of again, and rests again.
    """
    rested = (
        select(timer.c.id)
        .where(timer.c.status == "dead", timer.c.kind == kind, timer.c.available_at <= func.now())
        .order_by(timer.c.available_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    again = update(timer).where(timer.c.id.in_(rested)).values(status="armed").returning(timer.c.id)
    after_commit(session, WAKE)
    return len((await session.execute(again)).all())

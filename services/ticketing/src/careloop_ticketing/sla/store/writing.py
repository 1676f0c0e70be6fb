from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final

from careloop_common import records
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla.policy.watches import Watch
from careloop_ticketing.sla.store.columns import CLOCK, INTERVAL, steps_of


def _upsert(table: str, columns: Mapping[str, str], key: Sequence[str], changing: Sequence[str]) -> str:
    names = ", ".join(columns)
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {records.given(columns, table)}"  # noqa: S608
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


_CLOCK_KEY: Final = ("subject_id", "name", "instance")
_SAVE_CLOCKS: Final = _upsert(
    "sla_clock", CLOCK, _CLOCK_KEY, [name for name in CLOCK if name not in _CLOCK_KEY]
)
_SAVE_INTERVALS: Final = _upsert(
    "sla_interval", INTERVAL, ("subject_id", "clock", "instance", "seq"), ["ended_at"]
)
_SAVE: Final = text(f"WITH saved AS ({_SAVE_CLOCKS}) {_SAVE_INTERVALS}")

_GONE: Final = (
    " USING unnest(CAST(:subjects AS uuid[]), CAST(:names AS text[]), CAST(:instances AS int[]), CAST(:kept AS int[]))"
    " AS gone (subject_id, name, instance, kept) WHERE c.subject_id = gone.subject_id AND c.instance = gone.instance"
)
_CUT = text(f"DELETE FROM sla_interval AS c{_GONE} AND c.clock = gone.name AND c.seq >= gone.kept")  # noqa: S608
_FORGET = text(f"DELETE FROM sla_clock AS c{_GONE} AND c.name = gone.name")  # noqa: S608


async def save(session: AsyncSession, changed: Sequence[Watch]) -> None:
    """Store clocks, and of their intervals those that are new and the one before them, which has ended.

    Those that they do not have any more, because an act was taken back, are deleted.
    """
    if not changed:
        return
    shortened = [watch for watch in changed if len(watch.clock.intervals) < len(watch.kept)]
    await _delete(session, _CUT, shortened, [len(watch.clock.intervals) for watch in shortened])
    clocks = map(_clock_row, changed)
    spans = chain.from_iterable(map(_interval_rows, changed))
    values = {
        "sla_clock": records.encode(CLOCK, clocks),
        "sla_interval": records.encode(INTERVAL, spans),
    }
    await session.execute(_SAVE, values)


async def forget(session: AsyncSession, gone: Sequence[Watch]) -> None:
    """Delete clocks."""
    for statement in (_CUT, _FORGET):
        await _delete(session, statement, gone, [0] * len(gone))


async def _delete(session: AsyncSession, statement: TextClause, of: Sequence[Watch], kept: list[int]) -> None:
    if of:
        named = {
            "subjects": [watch.subject_id for watch in of],
            "names": [watch.name for watch in of],
            "instances": [watch.instance for watch in of],
        }
        await session.execute(statement, {**named, "kept": kept})


def _clock_row(watch: Watch) -> tuple[Any, ...]:
    calendar, version = watch.calendar or (None, None)
    due_at: datetime | None = watch.due_at
    upcoming = watch.upcoming
    return (
        watch.subject_id,
        watch.name,
        watch.instance,
        watch.policy.version,
        watch.ladder,
        calendar,
        version,
        watch.clock.target,
        watch.state.value,
        watch.cancelled,
        watch.lapsed,
        watch.clock.intervals[0].started_at,
        len(watch.clock.intervals) > 1 or watch.clock.intervals[0].ended_at is not None,
        due_at,
        due_at is not None and watch.clock.hours.provisional(due_at),
        watch.breached_at,
        watch.made_late_at,
        steps_of(watch.climb),
        watch.climb.last_at,
        watch.climb.acknowledged,
        upcoming.due_at if upcoming else None,
        watch.generation,
    )


def _interval_rows(watch: Watch) -> Iterable[tuple[Any, ...]]:
    """What is not stored yet; a clock that only climbed its ladder has nothing new."""
    for seq, span in enumerate(watch.clock.intervals):
        if seq < len(watch.kept) and watch.kept[seq] == span:
            continue
        why = span.because
        yield (
            watch.subject_id,
            watch.name,
            watch.instance,
            seq,
            span.activity.value,
            span.started_at,
            span.ended_at,
            why and why.actor_id,
            why and why.reason,
            why and why.evidence,
            why and why.approved_by,
        )

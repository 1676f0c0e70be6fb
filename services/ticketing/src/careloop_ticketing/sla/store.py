"""Clocks between the database and `policy.watch`: many at once, by a handful of statements.

Escalations come in thousands, so this is written for sets; a single act of a person is a set of one.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final
from uuid import UUID

from careloop_common import records
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Activity, Because, Clock, Hours, Interval
from careloop_ticketing.sla.policy.ladder import Climb, Mark
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.policy.watches import Calendar, Watch

_CLOCK_COLUMNS: Final = {
    "subject_id": "uuid",
    "name": "text",
    "instance": "int",
    "policy_version": "int",
    "ladder": "text",
    "calendar": "text",
    "calendar_version": "int",
    "target": "interval",
    "state": "text",
    "cancelled": "bool",
    "lapsed": "bool",
    "started_at": "timestamptz",
    "turned": "bool",
    "due_at": "timestamptz",
    "provisional": "bool",
    "breached_at": "timestamptz",
    "made_late_at": "timestamptz",
    "steps": "text",
    "last_step_at": "timestamptz",
    "acknowledged": "bool",
    "next_at": "timestamptz",
    "generation": "int",
}
_INTERVAL_COLUMNS: Final = {
    "subject_id": "uuid",
    "clock": "text",
    "instance": "int",
    "seq": "int",
    "activity": "text",
    "started_at": "timestamptz",
    "ended_at": "timestamptz",
    "actor_id": "text",
    "reason": "text",
    "evidence": "text",
    "approved_by": "text",
}

_ROW: Final = ", ".join(f"c.{name}" for name in _CLOCK_COLUMNS)
KEY: Final = "c.name || CASE WHEN c.instance > 1 THEN '#' || c.instance ELSE '' END"
"""`Watch.key` of a clock `c`."""

# The highest instance of a name is the present one.
_ALL = text(
    f"SELECT DISTINCT ON (c.subject_id, c.name) {_ROW} FROM sla_clock AS c"  # noqa: S608
    " WHERE c.subject_id = ANY(CAST(:subjects AS uuid[])) ORDER BY c.subject_id, c.name, c.instance DESC"
)
_EVERY = text(
    f"SELECT {_ROW} FROM sla_clock AS c WHERE c.subject_id = ANY(CAST(:subjects AS uuid[]))"  # noqa: S608
    " ORDER BY c.subject_id, c.name, c.instance"
)
_ASKED: Final = (
    f"SELECT {_ROW} FROM sla_clock AS c WHERE c.subject_id = ANY(CAST(:subjects AS uuid[])) AND (({KEY}, c.subject_id)"  # noqa: S608
    " IN (SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:subjects AS uuid[])))"
)
_SOME = text(f"{_ASKED})")
_DUE = text(f"{_ASKED} OR c.next_at <= :now)")
_INTERVALS = text(
    "SELECT subject_id, clock, instance, activity, started_at, ended_at, actor_id, reason, evidence, approved_by"
    " FROM sla_interval WHERE subject_id = ANY(:subjects) ORDER BY subject_id, clock, instance, seq"
)


def _upsert(table: str, columns: Mapping[str, str], key: Sequence[str], changing: Sequence[str]) -> str:
    names = ", ".join(columns)
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {records.given(columns, table)}"  # noqa: S608
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


_CLOCK_KEY: Final = ("subject_id", "name", "instance")
_SAVE_CLOCKS: Final = _upsert(
    "sla_clock", _CLOCK_COLUMNS, _CLOCK_KEY, [name for name in _CLOCK_COLUMNS if name not in _CLOCK_KEY]
)
_SAVE_INTERVALS: Final = _upsert(
    "sla_interval", _INTERVAL_COLUMNS, ("subject_id", "clock", "instance", "seq"), ["ended_at"]
)
_SAVE: Final = text(f"WITH saved AS ({_SAVE_CLOCKS}) {_SAVE_INTERVALS}")

_MARK: Final = re.compile("([a-z0-9_]+)([:!])(.*)")
_AT_THE_FOOT: Final = Climb()

_GONE: Final = (
    " USING unnest(CAST(:subjects AS uuid[]), CAST(:names AS text[]), CAST(:instances AS int[]), CAST(:kept AS int[]))"
    " AS gone (subject_id, name, instance, kept) WHERE c.subject_id = gone.subject_id AND c.instance = gone.instance"
)
_CUT = text(f"DELETE FROM sla_interval AS c{_GONE} AND c.clock = gone.name AND c.seq >= gone.kept")  # noqa: S608
_FORGET = text(f"DELETE FROM sla_clock AS c{_GONE} AND c.name = gone.name")  # noqa: S608

Stored = Row[Any]
Turned = Mapping[tuple[UUID, str, int], list[Interval]]
"""The intervals of clocks that were ever turned."""


async def rows(
    session: AsyncSession, subjects: Collection[UUID], keys: Sequence[str] | None = None
) -> Sequence[Stored]:
    """The present clocks of these subjects, or, with `keys`, of each subject the one of the key beside it."""
    wanted = {"subjects": list(subjects)}
    if keys is None:
        return (await session.execute(_ALL, wanted)).all()
    return (await session.execute(_SOME, {**wanted, "keys": list(keys)})).all()


async def every_row(session: AsyncSession, subjects: Collection[UUID]) -> Sequence[Stored]:
    """The clocks of these subjects, also those in whose place others have begun since."""
    return (await session.execute(_EVERY, {"subjects": list(subjects)})).all()


async def due_rows(
    session: AsyncSession, subjects: Sequence[UUID], keys: Sequence[str], now: datetime
) -> Sequence[Stored]:
    """Of every clock of these subjects those with the key beside the subject, and those that are due."""
    return (await session.execute(_DUE, {"subjects": subjects, "keys": keys, "now": now})).all()


async def watches(
    session: AsyncSession,
    found: Sequence[Stored],
    policies: Mapping[int, Policy],
    hours: Mapping[Calendar, Hours],
) -> list[Watch]:
    """The rows with their intervals, under their policies and by their calendars."""
    turned = await _intervals(session, {row.subject_id for row in found if row.turned})
    return [_watch(row, turned, policies, hours) for row in found]


async def _intervals(session: AsyncSession, subjects: Collection[UUID]) -> Turned:
    found: dict[tuple[UUID, str, int], list[Interval]] = defaultdict(list)
    if not subjects:
        return found
    for row in await session.execute(_INTERVALS, {"subjects": list(subjects)}):
        because = row.actor_id and Because(row.actor_id, row.reason, row.evidence, row.approved_by)
        interval = Interval(Activity(row.activity), row.started_at, row.ended_at, because or None)
        found[row.subject_id, row.clock, row.instance].append(interval)
    return found


def _watch(
    row: Sequence[Any], turned: Turned, policies: Mapping[int, Policy], hours: Mapping[Calendar, Hours]
) -> Watch:
    # By place: a look-up by name takes longer than all the rest, and there are thousands.
    (
        subject_id,
        name,
        instance,
        policy_version,
        ladder,
        code,
        calendar_version,
        target,
        _,
        cancelled,
        lapsed,
        started_at,
        was_turned,
        _,
        _,
        breached_at,
        made_late_at,
        steps,
        last_step_at,
        acknowledged,
        _,
        generation,
    ) = row
    intervals = (
        tuple(turned[subject_id, name, instance])
        if was_turned
        # Nobody has touched it since it was started, as with most of those that are due.
        else (Interval(Activity.RUN, started_at),)
    )
    calendar = (code, calendar_version) if code else None
    return Watch(
        subject_id,
        name,
        policies[policy_version],
        ladder,
        Clock(target, intervals, breached_at, hours[calendar] if calendar else ROUND_THE_CLOCK),
        instance,
        calendar,
        Climb(*_taken(steps), last_step_at, acknowledged) if steps else _AT_THE_FOOT,
        generation,
        generation,
        cancelled,
        lapsed,
        made_late_at,
        intervals,
    )


def _taken(steps: str) -> tuple[tuple[Mark, ...], frozenset[str]]:
    """`reminder:remind@50+0 breach!manager -deputy`: what was taken, the breach among it, and what was passed."""
    taken, passed = [], set()
    for word in steps.split():
        if word.startswith("-"):
            passed.add(word[1:])
        else:
            name, kind, effect = _MARK.match(word).groups()  # type: ignore[union-attr]  # whatever is stored is one
            taken.append(Mark(name, effect, kind == "!"))
    return tuple(taken), frozenset(passed)


def _steps(climb: Climb) -> str:
    taken = [f"{name}{'!' if is_breach else ':'}{effect}" for name, effect, is_breach in climb.taken]
    return " ".join([*taken, *(f"-{name}" for name in sorted(climb.passed))])


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
        "sla_clock": records.encode(_CLOCK_COLUMNS, clocks),
        "sla_interval": records.encode(_INTERVAL_COLUMNS, spans),
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
        _steps(watch.climb),
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

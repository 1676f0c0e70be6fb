from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla.policy.clock import ROUND_THE_CLOCK, Activity, Because, Clock, Hours, Interval
from careloop_ticketing.sla.policy.ladder import Climb
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.policy.watches import Calendar, Watch
from careloop_ticketing.sla.store.columns import CLOCK, KEY, taken_of

_ROW: Final = ", ".join(f"c.{name}" for name in CLOCK)

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

_AT_THE_FOOT: Final = Climb()

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
        Climb(*taken_of(steps), last_step_at, acknowledged) if steps else _AT_THE_FOOT,
        generation,
        generation,
        cancelled,
        lapsed,
        made_late_at,
        intervals,
    )

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.sla.models import ClockRow, IntervalRow, PolicyRow
from careloop_ticketing.sla.policy.clock import Activity, State

_RUNNING: Final = text(
    "SELECT p.version FROM sla_policy AS p CROSS JOIN LATERAL (SELECT FROM sla_clock AS k"
    " WHERE k.policy_version = p.version AND k.state <> 'stopped' LIMIT 1) AS one"
)


async def running_versions(session: AsyncSession) -> Sequence[int]:
    """The versions under which clocks run: one look into the index for each that there is, however many clocks."""
    return (await session.scalars(_RUNNING)).all()


async def applied(session: AsyncSession) -> int | None:
    """The newest policy that running clocks were told to follow."""
    told = select(func.max(col(PolicyRow.version))).where(col(PolicyRow.applied_at).is_not(None))
    return (await session.execute(told)).scalar_one()


def breached(now: datetime) -> ColumnElement[bool]:
    """Whether the target was reached, be the worker late or not."""
    running_late = and_(col(ClockRow.state) == State.RUNNING, col(ClockRow.due_at) <= now)
    return or_(col(ClockRow.breached_at).is_not(None), running_late)


def any_breached(subject_id: SQLColumnExpression[UUID], now: datetime) -> ColumnElement[bool]:
    """Whether the subject that this column names missed the target of any of its clocks."""
    return exists().where(col(ClockRow.subject_id) == subject_id, breached(now))


def _running(clock: type[ClockRow]) -> ColumnElement[bool]:
    return and_(col(clock.state) == State.RUNNING, col(clock.due_at).is_not(None))


def next_due(subject_id: SQLColumnExpression[UUID]) -> ScalarSelect[datetime | None]:
    """When the first of the running clocks of the subject that this column names is due."""
    theirs = select(func.min(col(ClockRow.due_at))).where(col(ClockRow.subject_id) == subject_id)
    return theirs.where(_running(ClockRow)).scalar_subquery()


def any_due(subject_id: SQLColumnExpression[UUID], *, before: datetime | None = None) -> ColumnElement[bool]:
    """Whether any clock of the subject that this column names is due (before then)."""
    running = exists().where(col(ClockRow.subject_id) == subject_id, _running(ClockRow))
    return running if before is None else running.where(col(ClockRow.due_at) < before)


def by_next_due(*, after: tuple[datetime, UUID] | None, limit: int) -> Select[datetime | None, UUID]:
    """Subjects that wait for something, by when the first of their clocks is due: along the index of due times."""
    earlier = aliased(ClockRow)
    one = col(ClockRow.due_at), col(ClockRow.name), col(ClockRow.instance)
    sooner = tuple_(col(earlier.due_at), col(earlier.name), col(earlier.instance)) < tuple_(*one)
    is_first = ~exists().where(col(earlier.subject_id) == col(ClockRow.subject_id), _running(earlier), sooner)
    place = col(ClockRow.due_at), col(ClockRow.subject_id)
    return keyset.forward(
        select(*place).where(_running(ClockRow), is_first), *place, after=after, limit=limit
    )


SUBJECT = col(ClockRow.subject_id)


def broken(now: datetime) -> ColumnElement[bool]:
    """Whether a clock counts against somebody: a breach stays one, whatever ends the clock after it.

    Not if only a change of terms made it late, which is nobody's fault.
    """
    return and_(breached(now), col(ClockRow.made_late_at).is_(None))


def any_broken(subject_id: UUID, now: datetime) -> ColumnElement[bool]:
    return exists().where(col(ClockRow.subject_id) == subject_id, broken(now))


def outcome(now: datetime) -> tuple[Any, ...]:
    """Columns of every report over clocks: the name, how many were met, broken, neither, and of these late by change.

    Neither are those that run within their target and those that were cancelled within it.
    """
    late, forgiven = broken(now), and_(breached(now), col(ClockRow.made_late_at).is_not(None))
    met = and_(col(ClockRow.state) == State.STOPPED, ~col(ClockRow.cancelled), ~breached(now))
    counted = met, late, and_(~met, ~late), forgiven
    return col(ClockRow.name), *(func.count().filter(condition) for condition in counted)


def paused_subjects() -> Select[UUID]:
    return select(col(IntervalRow.subject_id)).where(col(IntervalRow.activity) == Activity.PAUSE)

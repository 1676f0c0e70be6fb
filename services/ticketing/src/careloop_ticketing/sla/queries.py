from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.sla.models import ClockRow, IntervalRow, PolicyRow
from careloop_ticketing.sla.policy.clock import Activity, State


async def applied(session: AsyncSession) -> int | None:
    """The newest policy that running clocks were told to follow."""
    told = select(func.max(col(PolicyRow.version))).where(col(PolicyRow.applied_at).is_not(None))
    return (await session.execute(told)).scalar_one()


def breached(now: datetime) -> ColumnElement[bool]:
    """Whether the target was reached, be the worker late or not."""
    running_late = and_(col(ClockRow.state) == State.RUNNING, col(ClockRow.due_at) <= now)
    return or_(col(ClockRow.breached_at).is_not(None), running_late)


def breached_subjects(now: datetime) -> Select[UUID]:
    return select(col(ClockRow.subject_id)).where(breached(now))


SUBJECT = col(ClockRow.subject_id)


def broken(now: datetime) -> ColumnElement[bool]:
    """Whether a clock counts against somebody: a breach stays one, whatever ends the clock after it.

    Not if only a change of terms made it late, which is nobody's fault.
    """
    return and_(breached(now), ~col(ClockRow.late_by_change))


def outcome(now: datetime) -> tuple[Any, ...]:
    """Columns of every report over clocks: the name, how many were met, broken, neither, and of these late by change.

    Neither are those that run within their target and those that were cancelled within it.
    """
    late, forgiven = broken(now), and_(breached(now), col(ClockRow.late_by_change))
    met = and_(col(ClockRow.state) == State.STOPPED, ~col(ClockRow.cancelled), ~breached(now))
    counted = met, late, and_(~met, ~late), forgiven
    return col(ClockRow.name), *(func.count().filter(condition) for condition in counted)


def paused_subjects() -> Select[UUID]:
    return select(col(IntervalRow.subject_id)).where(col(IntervalRow.activity) == Activity.PAUSE)

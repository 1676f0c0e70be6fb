from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.sla.models import ClockRow, IntervalRow
from careloop_ticketing.sla.policy.clock import Activity, State


def breached(now: datetime) -> ColumnElement[bool]:
    """Whether the target was reached, be the worker late or not."""
    running_late = and_(col(ClockRow.state) == State.RUNNING, col(ClockRow.due_at) <= now)
    return or_(col(ClockRow.breached_at).is_not(None), running_late)


def breached_subjects(now: datetime) -> Select[UUID]:
    return select(col(ClockRow.subject_id)).where(breached(now))


async def attainment(session: AsyncSession, now: datetime) -> Sequence[tuple[str, int, int, int]]:
    """Per clock: how many met their target, how many broke it, how many are still running within it or were cancelled."""
    late = breached(now)
    done = and_(col(ClockRow.state) == State.STOPPED, ~col(ClockRow.cancelled))
    counts = select(
        col(ClockRow.name),
        func.count().filter(and_(done, ~late)),
        func.count().filter(late),
        func.count().filter(and_(~done, ~late)),
    ).group_by(col(ClockRow.name))
    return (await session.execute(counts.order_by(col(ClockRow.name)))).all()


SUBJECT = col(ClockRow.subject_id)


def outcome(now: datetime) -> tuple[Any, ...]:
    """Columns of a report over clocks: the name, how many were met, broken, and neither."""
    late = and_(breached(now), ~col(ClockRow.cancelled))
    met = and_(col(ClockRow.state) == State.STOPPED, ~col(ClockRow.cancelled), ~breached(now))
    counts = (func.count().filter(met), func.count().filter(late), func.count().filter(and_(~met, ~late)))
    return col(ClockRow.name), *counts


def paused_subjects() -> Select[UUID]:
    return select(col(IntervalRow.subject_id)).where(col(IntervalRow.activity) == Activity.PAUSE)


async def count_breached(session: AsyncSession, now: datetime) -> int:
    subjects = select(func.count(col(ClockRow.subject_id).distinct())).where(breached(now))
    return (await session.execute(subjects)).scalar_one()

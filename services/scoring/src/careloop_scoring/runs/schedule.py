"""Scheduled runs on the timers: one timer for the service, which arms itself again."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common import clock, timers
from careloop_common.jobs import Job
from careloop_common.plumbing import timer
from careloop_common.runtime import Runtime
from careloop_common.timers import DueTimer, TimerHandler
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.runs import service
from careloop_scoring.runs.policy import Schedule, Train
from careloop_scoring.settings import Settings

KIND = "scoring_run"
STEP = "start"
OWNER = UUID("5c0217a6-0000-7000-8000-000000000001")
"""The service itself: timers belong to somebody."""


def from_settings(settings: Settings) -> Schedule:
    every = timedelta(hours=settings.run_every_hours) if settings.run_every_hours else None
    return Schedule(every, settings.run_daily_at, ZoneInfo(settings.run_timezone))


def on_due(schedule: Schedule) -> TimerHandler:
    async def start(session: AsyncSession, _: DueTimer, now: datetime) -> None:
        if not await service.any_open(session):
            await service.request(
                session,
                train=Train.AUTO,
                raise_warnings=True,
                refresh_cut_points=False,
                as_of=None,
                by="schedule",
                now=now,
            )
        await _arm(session, schedule, now)

    return start


def keeping(schedule: Schedule) -> Job:
    """Arms the timer where there is none, and anew where the settings have changed."""

    async def keep(runtime: Runtime[Settings]) -> None:
        async with runtime.database.transaction() as session:
            held = select(timer.c.data).where(timer.c.kind == KIND, timer.c.owner_id == OWNER)
            data = (await session.execute(held)).scalar_one_or_none()
            if data != _data(schedule):
                await timers.cancel(session, KIND, OWNER)
                await _arm(session, schedule, clock.now())

    return Job("keep the scoring schedule", 300, keep)


async def _arm(session: AsyncSession, schedule: Schedule, now: datetime) -> None:
    due_at = schedule.next_after(now)
    if due_at is not None:
        await timers.arm(session, kind=KIND, owner_id=OWNER, step=STEP, due_at=due_at, data=_data(schedule))


def _data(schedule: Schedule) -> dict[str, str] | None:
    if schedule.every is not None:
        return {"every": str(schedule.every)}
    return {"daily_at": f"{schedule.daily_at} {schedule.zone.key}"} if schedule.daily_at else None

"""The auditor: looks every half minute for timers that should have fired, and tells."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import ColumnClause, column, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.database import Database
from careloop_common.failures import is_transient
from careloop_common.plumbing import timer, timer_history
from careloop_common.timers import metrics
from careloop_common.timers.claim import LONGEST_DELAY

log = structlog.get_logger()

EVERY_SECONDS: Final = 30.0
TOLERANCE: Final = timedelta(seconds=5)
LOOK_AT_ALL_EVERY: Final = 20
"""Rounds. To find timers that lie where nothing puts them takes a look at each."""
HISTORY_KEPT: Final = timedelta(days=90)
_PURGE_ROWS: Final = 5000
_ROW: ColumnClause[Any] = column("ctid")


class Auditor:
    """Sees what the worker cannot see of itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rounds = 0

    async def run(self) -> None:
        """Audit for ever. At a start everything of the time before is overdue, so the worker gets a moment first."""
        await asyncio.sleep(TOLERANCE.total_seconds())
        while True:
            try:
                await self.audit()
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(EVERY_SECONDS)

    async def audit(self) -> tuple[int, int]:
        """Count overdue and dead timers, set the gauges, mend misplaced timers and forget old history.

        Overdue is what should have fired by now, also while it rests after a failure.
        """
        async with self._database.transaction() as session:
            now: datetime = (await session.execute(select(func.now()))).scalar_one()
            if self._rounds % LOOK_AT_ALL_EVERY == 0:
                await _mend(session, now)
            late = select(func.count(), func.min(timer.c.due_at)).where(
                timer.c.status == "armed",
                timer.c.due_at < now - TOLERANCE,
                # For the index: nothing that is due rests for longer.
                timer.c.available_at < now + LONGEST_DELAY,
            )
            overdue, oldest = (await session.execute(late)).one()
            died = select(func.count()).select_from(timer).where(timer.c.status == "dead")
            dead = (await session.execute(died)).scalar_one()
            old = (
                select(_ROW)
                .select_from(timer_history)
                .where(timer_history.c.fired_at < now - HISTORY_KEPT)
                .limit(_PURGE_ROWS)
            )
            await session.execute(delete(timer_history).where(_ROW.in_(old)))
        self._rounds += 1
        metrics.OVERDUE.set(overdue)
        metrics.DEAD.set(dead)
        metrics.OLDEST.set((now - oldest).total_seconds() if oldest else 0)
        if overdue or dead:
            log.error("timers.overdue", overdue=overdue, dead=dead, oldest=oldest and oldest.isoformat())
        return overdue, dead


async def _mend(session: AsyncSession, now: datetime) -> None:
    """Put timers back that would be claimed later than any failure lets them rest."""
    misplaced = (
        timer.c.status == "armed",
        timer.c.available_at > timer.c.due_at,
        timer.c.available_at > now + LONGEST_DELAY + TOLERANCE,
    )
    mended = update(timer).where(*misplaced).values(available_at=timer.c.due_at).returning(timer.c.id)
    if found := len((await session.execute(mended)).all()):
        log.error("timers.mended", timers=found)

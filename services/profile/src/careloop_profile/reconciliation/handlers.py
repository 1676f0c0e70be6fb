"""Runs over all customers, in the background: at their hour, chunk by chunk, for a small share of a worker's time."""

import asyncio
from time import monotonic
from typing import Any, Final

import structlog
from careloop_common import clock, outbox, zones
from careloop_common.errors import DomainError
from careloop_common.failures import is_transient
from careloop_common.jobs import Job
from careloop_common.runtime import Runtime

from careloop_profile.reconciliation import metrics, queries, service
from careloop_profile.reconciliation.policy import night_of
from careloop_profile.reconciliation.service import Reconciler
from careloop_profile.reconciliation.service.running import CHUNK, Step

log = structlog.get_logger()

UNPUBLISHED: Final = 2_000
"""So many events may wait, a second's work of the relay: what just happened stands behind them."""
_LONGEST_PAUSE: Final = 10.0


class Night:
    """Takes runs further."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        settings = runtime.settings
        self._zone, self._hour = zones.zone(settings.timezone), settings.linkage_run_hour
        self._share = settings.linkage_run_share
        self._reconciler = Reconciler(runtime.vault, splits=settings.weak_bridges == "split")

    async def begin(self, runtime: Runtime[Any]) -> None:
        """Begin the run of this night, if its hour has come."""
        now = clock.now()
        night = night_of(now, self._zone, self._hour)
        if night is None:
            return
        async with runtime.database.transaction() as session:
            if await service.begin_night(session, night, now=now):
                log.info("linkage_run.begun", night=night.isoformat())

    async def work(self, runtime: Runtime[Any]) -> bool:
        """Take the next chunk, then leave the worker to others; whether there may be more."""
        async with runtime.database.transaction() as session:
            if await queries.running(session) is None or await outbox.is_behind(session, many=UNPUBLISHED):
                return False
        began = monotonic()
        step = await self._step(runtime, CHUNK)
        if step is not None:
            metrics.LOOKED.labels(step.phase.value).inc(step.looked_at)
            for kind, number in step.found.items():
                metrics.FOUND.labels(kind.value).inc(number)
        await asyncio.sleep(min(_LONGEST_PAUSE, (monotonic() - began) * (1 / self._share - 1)))
        return True

    async def _step(self, runtime: Runtime[Any], limit: int) -> Step | None:
        """A chunk; where it cannot be looked at, a smaller one, and the one that is to blame is passed."""
        now = clock.now()
        try:
            async with runtime.database.transaction() as session:
                return await self._reconciler.step(session, now=now, limit=limit)
        except Exception as error:
            if is_transient(error):
                raise
            if limit > 1:
                return await self._step(runtime, limit // 2)
            reason = error.code if isinstance(error, DomainError) else type(error).__name__
            log.exception("linkage_run.skipped", reason=reason)
            async with runtime.database.transaction() as session:
                await self._reconciler.skip(session, reason, now=now)
            return None


async def tell(runtime: Runtime[Any]) -> None:
    """Set the gauges of the last run, in each process, for each is asked by itself."""
    async with runtime.database.transaction() as session:
        row = await queries.last_done(session)
    if row is not None and row.finished_at is not None:
        metrics.MISSED.set(row.missed_share)
        metrics.FINISHED.set(row.finished_at.timestamp())


def jobs(runtime: Runtime[Any]) -> list[Job]:
    night = Night(runtime)
    return [
        Job("begin linkage run", 60, night.begin),
        Job("linkage run", 2, night.work),
        Job("last linkage run", 60, tell, exclusive=False),
    ]

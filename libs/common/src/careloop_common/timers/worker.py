"""The worker that fires timers."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import structlog

from careloop_common.failures import is_transient
from careloop_common.observability.tracing import consumer_span
from careloop_common.timers import canary, claim, metrics
from careloop_common.timers.audit import Auditor
from careloop_common.timers.due import Alone, DueTimer, InBatches, TimerHandler

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from careloop_common.runtime import Runtime

log = structlog.get_logger()

LANES: Final = 3
"""While the database stores two batches, the next is worked out: one alone would leave either of them waiting."""
LONGEST_SLEEP: Final = 1.0
"""Another process may arm a timer without waking this one."""


class TimerWorker:
    """Fires the timers of the kinds it has handlers for, until it is cancelled. Any number may work side by side."""

    def __init__(self, runtime: "Runtime[Any]", handlers: Mapping[str, TimerHandler]) -> None:
        self._database = runtime.database
        self._wake = runtime.timer_wake
        self._calm = runtime.timers_calm
        self._batch = runtime.settings.timer_batch
        self._handlers: dict[str, TimerHandler] = {**handlers, canary.KIND: canary.on_due}
        self._alone = [kind for kind, one in self._handlers.items() if isinstance(one, Alone)]
        self._together = [kind for kind in self._handlers if kind not in self._alone]
        self._turns = 0

    async def run(self) -> None:
        """Work for ever; a lost database is waited for."""
        async with asyncio.TaskGroup() as tasks:
            for lane in range(LANES):
                tasks.create_task(self._work(), name=f"timer worker {lane}")
            tasks.create_task(Auditor(self._database).run(), name="timer auditor")

    async def _work(self) -> None:
        failures, planted = 0, False
        while True:
            try:
                if not planted:
                    async with self._database.transaction() as session:
                        await canary.plant(session)
                    planted = True
                self._wake.clear()
                pause = await self.turn()
                failures = 0
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                pause = min(5.0, 0.1 * 2 ** min(failures, 6))
                log.warning("timers.interrupted", error=str(error) or type(error).__name__)
            if pause > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def turn(self) -> float:
        """Fire one batch; returns for how long nothing will be due."""
        batch: list[DueTimer] = []
        try:
            async with self._database.transaction() as session:
                now = await claim.database_now(session)
                batch = await self._due(session, now)
                if not batch:
                    pause = await claim.seconds_until_next(session, now=now, kinds=self._handlers)
                    return LONGEST_SLEEP if pause is None else min(LONGEST_SLEEP, max(0.001, pause))
                await self._fire(session, batch, now)
        except Exception as error:
            if not batch:
                raise
            log.info("timers.batch_failed", timers=len(batch), error=type(error).__name__)
            for item in batch:
                await self._fire_alone(item)
        else:
            _observe(batch, now)
        return 0

    async def _due(self, session: "AsyncSession", now: datetime) -> list[DueTimer]:
        """What is due together, or one that is fired alone: they take turns, and where there is none of these, of those."""
        self._turns += 1
        kinds = [(self._together, self._batch), (self._alone, 1)]
        for some, limit in kinds if self._turns % 2 else reversed(kinds):
            found = await claim.due(session, now=now, kinds=some, limit=limit) if some else []
            if some is self._together:
                (self._calm.clear if len(found) == limit else self._calm.set)()
            if found:
                return found
        return []

    async def _fire(self, session: "AsyncSession", batch: Sequence[DueTimer], now: datetime) -> None:
        for kind, run in groupby(batch, key=lambda item: item.kind):
            handler, items = self._handlers[kind], list(run)
            with consumer_span(f"timer {kind}", []):
                if isinstance(handler, InBatches):
                    await handler.handler(session, items, now)
                    continue
                one = handler.handler if isinstance(handler, Alone) else handler
                for item in items:
                    with structlog.contextvars.bound_contextvars(timer=kind, owner_id=str(item.owner_id)):
                        await one(session, item, now)

    async def _fire_alone(self, item: DueTimer) -> None:
        """Fire one timer in a transaction of its own, if no other worker was faster."""
        try:
            async with self._database.transaction() as session:
                now = await claim.database_now(session)
                mine = await claim.due(session, now=now, kinds=[item.kind], limit=1, only=item.id)
                await self._fire(session, mine, now)
        except Exception as error:  # noqa: BLE001  (whatever a handler raises is one failed attempt)
            await self._postpone(item, error)
        else:
            _observe(mine, now)

    async def _postpone(self, item: DueTimer, error: Exception) -> None:
        passing = is_transient(error)
        async with self._database.transaction() as session:
            status = await claim.postpone(session, item, mortal=not passing)
        metrics.FAILED.labels(item.kind).inc()
        say = log.error if status == "dead" else log.warning
        say(
            "timer.died" if status == "dead" else "timer.failed",
            kind=item.kind,
            owner_id=str(item.owner_id),
            step=item.step,
            attempts=item.attempts + int(not passing),
            exc_info=None if passing else error,
        )


def _observe(timers: Sequence[DueTimer], now: datetime) -> None:
    for kind, run in groupby(timers, key=lambda item: item.kind):
        # A label is looked up once: a hundred thousand timers may be due at once.
        fired, lateness = metrics.FIRED.labels(kind), metrics.LATENESS.labels(kind)
        for item in run:
            late = (now - item.due_at).total_seconds()
            fired.inc()
            lateness.observe(late)
            if kind == canary.KIND:
                metrics.CANARY.set(late)

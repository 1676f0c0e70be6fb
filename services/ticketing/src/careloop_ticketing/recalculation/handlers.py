import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from careloop_common import clock, outbox
from careloop_common.failures import is_transient
from careloop_common.runtime import Runtime

from careloop_ticketing.recalculation import metrics, queries, service
from careloop_ticketing.recalculation.policy import halves
from careloop_ticketing.recalculation.service import Stretch

log = structlog.get_logger()

UNPUBLISHED: Final = 2_000
"""So many events may wait, a second's work of the relay: an escalation of meanwhile stands behind them."""
_MOMENT: Final = 0.05


async def work(runtime: Runtime[Any]) -> bool:
    """Take one stretch, or look for calendars that have moved on; whether there may be more to do."""
    await _keep_pace(runtime)
    async with runtime.database.transaction() as session:
        stretch = await service.next_stretch(session, now=clock.now())
        if stretch is None:
            await service.notice_calendars(session, now=clock.now())
            return False
        await service.terms_of(session, stretch)
    async with asyncio.TaskGroup() as lanes:
        for ids in stretch.batches():
            lanes.create_task(_follow(runtime, ids, stretch))
    async with runtime.database.transaction() as session:
        await service.passed(session, stretch)
    return True


async def tell(runtime: Runtime[Any]) -> None:
    """Set the gauges, whether or not anybody works: in each process, for each is asked by itself."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        count, oldest = await queries.backlog(session)
    metrics.OPEN.set(count)
    metrics.OLDEST.set((now - (oldest or now)).total_seconds())


async def _follow(runtime: Runtime[Any], ids: Sequence[UUID], stretch: Stretch) -> None:
    """Have these tickets follow, those in others' hands by halves; one that cannot is looked for, and set aside."""
    try:
        async with runtime.database.transaction() as session:
            moved, busy = await service.follow(session, ids, stretch, now=clock.now())
    except Exception as error:
        if is_transient(error):
            raise
        if len(ids) > 1:
            for half in halves(ids):
                await _follow(runtime, half, stretch)
        else:
            await _set_aside(runtime, ids[0], stretch, error)
        return
    metrics.EXAMINED.labels(stretch.cause).inc(len(ids) - len(busy))
    metrics.MOVED.labels(stretch.cause).inc(len(moved))
    metrics.LATE.labels(stretch.cause).inc(sum(change.late_by_change for change in moved))
    for part in filter(None, halves(busy)):
        await _follow(runtime, part, stretch)


async def _set_aside(runtime: Runtime[Any], ticket_id: UUID, stretch: Stretch, error: Exception) -> None:
    log.error("recalculation.set_aside", ticket_id=str(ticket_id), cause=stretch.cause, exc_info=error)
    async with runtime.database.transaction() as session:
        await service.set_aside(session, ticket_id, stretch, error, now=clock.now())
    metrics.SET_ASIDE.labels(stretch.cause).inc()


async def _keep_pace(runtime: Runtime[Any]) -> None:
    """Do not run ahead of the relay, unless the broker is away: due times do not wait for it."""
    while runtime.bus.connected:
        async with runtime.database.transaction() as session:
            if not await outbox.is_behind(session, many=UNPUBLISHED):
                return
        await asyncio.sleep(_MOMENT)

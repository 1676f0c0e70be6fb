import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from careloop_common import clock, outbox
from careloop_common.runtime import Runtime

from careloop_ticketing.recalculation import metrics, queries, service
from careloop_ticketing.recalculation.service import Stretch

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
    async with runtime.database.transaction() as session:
        moved = await service.follow(session, ids, stretch, now=clock.now())
    metrics.EXAMINED.labels(stretch.cause).inc(len(ids))
    metrics.MOVED.labels(stretch.cause).inc(len(moved))
    metrics.LATE.labels(stretch.cause).inc(sum(change.late_by_change for change in moved))


async def _keep_pace(runtime: Runtime[Any]) -> None:
    """Do not run ahead of the relay, unless the broker is away: due times do not wait for it."""
    while runtime.bus.connected:
        async with runtime.database.transaction() as session:
            if not await outbox.is_behind(session, many=UNPUBLISHED):
                return
        await asyncio.sleep(_MOMENT)

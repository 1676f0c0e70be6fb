import asyncio
import time

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.bulk import metrics, queries, service, working
from careloop_ticketing.bulk.policy import rest
from careloop_ticketing.settings import Settings


async def work(runtime: Runtime[Settings]) -> bool:
    """Do one batch, then rest until the next is due; whether there may be more to do."""
    began = time.perf_counter()
    async with runtime.database.transaction() as session:
        more = await working.advance(session, now=clock.now())
    if more:
        took = time.perf_counter() - began
        await asyncio.sleep(rest(working.BATCH, took, rate=runtime.settings.bulk_rate))
    return more


async def tell(runtime: Runtime[Settings]) -> None:
    """Set the gauges, whether or not anybody works: in each process, for each is asked by itself."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        found = await queries.backlog(session)
    metrics.OPEN.set(found.jobs)
    metrics.PENDING.set(found.items)
    metrics.OLDEST.set((now - (found.oldest or now)).total_seconds())
    metrics.IDLE.set((now - (found.waiting_since or now)).total_seconds())


async def forget(runtime: Runtime[Settings]) -> bool:
    async with runtime.database.transaction() as session:
        return await service.forget(session, days=runtime.settings.bulk_days, now=clock.now())

from datetime import timedelta
from typing import Any, Final

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.notices import metrics, queries
from careloop_ticketing.notices.service import reading
from careloop_ticketing.settings import Settings

_BATCH: Final = 5_000


async def watch(runtime: Runtime[Any]) -> None:
    """Set the gauges: in each process, for each is asked by itself."""
    now = clock.now()
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    async with runtime.database.transaction() as session:
        found = await queries.backlog(session, hour=hour, day=day)
    metrics.WAITING.set(found.waiting)
    metrics.UNREAD.labels("1").set(found.unread_hour)
    metrics.UNREAD.labels("24").set(found.unread_day)
    metrics.OLDEST.set((now - (found.oldest_unread or now)).total_seconds())
    metrics.UNDELIVERABLE.set(found.undeliverable)


async def forget(runtime: Runtime[Settings]) -> bool:
    async with runtime.database.transaction() as session:
        days = runtime.settings.notice_days
        return await reading.forget(session, days=days, limit=_BATCH, now=clock.now())

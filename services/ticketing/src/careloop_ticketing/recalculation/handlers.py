import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.recalculation import service
from careloop_ticketing.recalculation.service import Stretch


async def work(runtime: Runtime[Any]) -> bool:
    """Take one stretch, or look for calendars that have moved on; whether there may be more to do."""
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


async def _follow(runtime: Runtime[Any], ids: Sequence[UUID], stretch: Stretch) -> None:
    async with runtime.database.transaction() as session:
        await service.follow(session, ids, stretch, now=clock.now())

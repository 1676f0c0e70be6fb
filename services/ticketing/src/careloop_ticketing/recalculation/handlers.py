from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.recalculation import service


async def work(runtime: Runtime[Any]) -> bool:
    """Take one batch, or look for calendars that have moved on; whether there may be more to do."""
    async with runtime.database.transaction() as session:
        if await service.advance(session, now=clock.now()):
            return True
        await service.notice_calendars(session, now=clock.now())
    return False

from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.history import service


async def anchor(runtime: Runtime[Any]) -> None:
    """The job that writes an anchor."""
    async with runtime.database.transaction() as session:
        await service.anchor(session, now=clock.now())

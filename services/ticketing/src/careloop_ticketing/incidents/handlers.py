from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.incidents import service


async def resolve_children(runtime: Runtime[Any]) -> bool:
    """The job that resolves children; True if there may be more."""
    async with runtime.database.transaction() as session:
        return await service.resolve_some(session, now=clock.now())

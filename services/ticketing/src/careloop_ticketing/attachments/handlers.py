from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.attachments import service
from careloop_ticketing.attachments.store import Store
from careloop_ticketing.settings import Settings


async def sweep(runtime: Runtime[Settings]) -> bool:
    """The job that removes files which no attachment has; True if there may be more."""
    async with runtime.database.transaction() as session:
        return await service.sweep(session, Store.of(runtime), now=clock.now())

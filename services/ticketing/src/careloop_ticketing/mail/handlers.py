from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.mail import service
from careloop_ticketing.settings import Settings


async def forget(runtime: Runtime[Settings]) -> bool:
    """The job that forgets messages which were ignored; True if there may be more."""
    async with runtime.database.transaction() as session:
        return await service.forget(session, now=clock.now())

"""What time brings: the end of a yes, the end of a do-not-disturb, and the news of registers."""

from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime
from careloop_common.timers import TimerHandler, in_batches

from careloop_profile.consents import service
from careloop_profile.customers.service import CONSENT_EXPIRY


def timers() -> dict[str, TimerHandler]:
    return {
        CONSENT_EXPIRY: in_batches(service.expire_due),
        service.BLOCK_END: in_batches(service.end_due),
    }


async def tell(runtime: Runtime[Any]) -> bool:
    """Tell other services of whom the next numbers on registers concern; whether there may be more."""
    async with runtime.database.transaction() as session:
        return await service.tell(session, now=clock.now())

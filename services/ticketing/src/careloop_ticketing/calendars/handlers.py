from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime
from careloop_common.tokens import SYSTEM

from careloop_ticketing.calendars import service


async def renew(runtime: Runtime[Any]) -> None:
    """Publish again the calendars of which the holiday source knows more by now: a notice came with a newer release."""
    async with runtime.database.transaction() as session:
        codes = await service.active(session)
    for code in codes:
        async with runtime.database.transaction() as session:
            await service.renew(session, code, actor=SYSTEM, now=clock.now())

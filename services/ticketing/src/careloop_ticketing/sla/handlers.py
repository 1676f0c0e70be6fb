from typing import Any

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime
from careloop_common.tokens import SYSTEM

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.sla import service

log = structlog.get_logger()


async def renew_calendars(runtime: Runtime[Any]) -> None:
    """Publish again the calendars of which the holiday source knows more by now: a notice came with a newer release.

    One that would not hold then what its clocks promise stays as it is, until somebody changes the one or the other.
    """
    async with runtime.database.transaction() as session:
        codes = await calendars.active(session)
    for code in codes:
        try:
            await _renew(runtime, code)
        except InvalidCalendar as refused:
            log.error("calendar.not_renewed", calendar=code, reason=refused.detail, **refused.extra)  # noqa: TRY400


async def _renew(runtime: Runtime[Any], code: str) -> None:
    async with runtime.database.transaction() as session:
        row = await calendars.renew(session, code, actor=SYSTEM, now=clock.now())
        if row is not None:
            await service.check_calendar(session, code, row.to_compiled())

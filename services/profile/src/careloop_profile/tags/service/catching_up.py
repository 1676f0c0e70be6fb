"""Who is asked for comes first: what waits of a person is counted, and the person looked at, before anybody is told of it.

So who reads waits for nobody's turn, however much happens to others at that moment.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from careloop_common import clock
from careloop_common.failures import is_transient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags import metrics
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service.evaluating import Evaluator, Parts

_SOON: Final = text(
    "SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', '500ms', true)"
)
_AS_BEFORE: Final = text("SELECT set_config('lock_timeout', :before, true)")
_places: Final = asyncio.Semaphore(8)
"""Whoever waits for a lock has a connection. More than these are told what was known, and all others find one."""
log = structlog.get_logger()


async def catch_up(session: AsyncSession, evaluator: Evaluator, customers: Sequence[UUID]) -> bool:
    """Look at the person that these customers are, if something of it waits; whether that took a while, in which they may
    have become others. Where it cannot be done, now or at all, what was known before is what there is to tell; whoever
    counts comes to it in turn."""
    if not await buckets.any_news(session, customers):
        return False
    if _places.locked():
        metrics.BEHIND.inc()
        return False
    async with _places:
        try:
            async with session.begin_nested():
                await _look(session, evaluator, customers)
        except Exception as error:  # noqa: BLE001  (reading goes on with what was known before)
            metrics.BEHIND.inc()
            say = log.info if is_transient(error) else log.warning
            say("tags.behind", customer_id=str(customers[0]), error=type(error).__name__)
    return True


async def _look(session: AsyncSession, evaluator: Evaluator, customers: Sequence[UUID]) -> None:
    before = (await session.execute(_SOON)).one().before
    await presence.enter(session)
    if counted := await buckets.fold(session, customers, clock.now()):
        await evaluator.reserve(session, counted)
        # The moment is that in which nobody else has the person: who had it may have been later than the request.
        now = clock.now()
        await evaluator.look_at_all(
            session, set(counted), Parts.DONE, "interaction", counted=counted, now=now
        )
    await session.execute(_AS_BEFORE, {"before": before})

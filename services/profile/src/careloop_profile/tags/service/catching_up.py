"""Who is asked for comes first: what waits of a person is counted, and the person looked at, before anybody is told of it.

So who reads waits for nobody's turn, however much happens to others at that moment.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service.evaluating import Evaluator, Parts

_SOON: Final = text("SELECT set_config('lock_timeout', '500ms', true)")
log = structlog.get_logger()


async def catch_up(
    session: AsyncSession, evaluator: Evaluator, customers: Sequence[UUID], *, now: datetime
) -> None:
    """Look at the person that these customers are, if something of it waits. Where that cannot be done, now or at all, what
    was known before is what there is to tell; whoever counts comes to it in turn."""
    if not await buckets.any_news(session, customers):
        return
    try:
        async with session.begin_nested():
            await session.execute(_SOON)
            await presence.enter(session)
            if counted := await buckets.fold(session, customers, now):
                await evaluator.look_at_all(
                    session, set(counted), Parts.DONE, "interaction", counted=counted, now=now
                )
    except Exception as error:  # noqa: BLE001  (reading goes on with what was known before)
        log.warning("tags.behind", customer_id=str(customers[0]), error=type(error).__name__)

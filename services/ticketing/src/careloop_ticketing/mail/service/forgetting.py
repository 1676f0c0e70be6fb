from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.mail import queries

IGNORED_DAYS: Final = 30
"""How long it is known of a message without a ticket that it came; that of others is kept as long as their tickets."""
_BATCH: Final = 5_000


async def forget(session: AsyncSession, *, now: datetime) -> bool:
    """Forget messages that were ignored a while ago; True if there may be more."""
    before = now - timedelta(days=IGNORED_DAYS)
    return await queries.forget_ignored(session, before=before, limit=_BATCH) == _BATCH

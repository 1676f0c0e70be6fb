"""Finding what in a message cannot be taken, so that the rest of it can: its parts are tried, and rolled back."""

from collections.abc import Sequence
from datetime import datetime

from careloop_common.database import Database
from careloop_common.failures import is_transient
from careloop_common.messaging.processing import Processor
from careloop_common.messaging.subscription import RawMessage


async def hopeless(
    database: Database, processor: Processor, parts: Sequence[RawMessage], now: datetime
) -> list[RawMessage]:
    """Those of the parts that fail by themselves, found by halving; a failure that passes is raised."""
    if not await _fail(database, processor, parts, now):
        return []
    if len(parts) == 1:
        return list(parts)
    middle = len(parts) // 2
    first = await hopeless(database, processor, parts[:middle], now)
    return first + await hopeless(database, processor, parts[middle:], now)


async def _fail(database: Database, processor: Processor, parts: Sequence[RawMessage], now: datetime) -> bool:
    try:
        async with database.transaction() as session:
            await processor.apply(session, parts, now)
            await session.rollback()
    except Exception as error:
        if is_transient(error):
            raise
        return True
    return False

"""What becomes of interactions and dead letters in time."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_profile.interactions import queries
from careloop_profile.interactions.service import archiving, letters, straying

log = structlog.get_logger()
_AT_ONCE: Final = 10_000


async def archive(runtime: Runtime[Any]) -> bool:
    """Make a file of the oldest days, if they are older than they may be, then of what is in no day's partition; whether
    there may be more."""
    days, directory = runtime.settings.interaction_days, Path(runtime.settings.archive_directory)
    if not days:
        return False
    now = clock.now()
    for archive_next in (archiving.archive_next, straying.archive_next):
        async with runtime.database.transaction() as session:
            more = await archive_next(session, directory, days=days, now=now)
        if more:
            log.info("interaction.archived")
            return True
    return False


async def forget_unresolved(runtime: Runtime[Any], most: int = _AT_ONCE) -> bool:
    """Delete some of what nobody became known for in all that time; whether there may be more."""
    if not runtime.settings.interaction_days:
        return False
    before = clock.now() - timedelta(days=runtime.settings.interaction_days)
    async with runtime.database.transaction() as session:
        gone = await queries.forget_unresolved(session, before, most)
    if gone:
        log.info("interaction.forgot_unresolved", count=gone)
    return gone == most


async def forget_letters(runtime: Runtime[Any]) -> None:
    async with runtime.database.transaction() as session:
        await letters.forget(session, now=clock.now(), days=runtime.settings.dead_letter_days)

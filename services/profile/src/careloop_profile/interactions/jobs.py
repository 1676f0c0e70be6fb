"""What becomes of interactions and dead letters in time."""

from pathlib import Path
from typing import Any

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_profile.interactions.service import archiving, letters

log = structlog.get_logger()


async def archive(runtime: Runtime[Any]) -> bool:
    """Make a file of the oldest days, if they are older than they may be; whether there may be more."""
    settings = runtime.settings
    if not settings.interaction_days:
        return False
    async with runtime.database.transaction() as session:
        more = await archiving.archive_next(
            session, Path(settings.archive_directory), days=settings.interaction_days, now=clock.now()
        )
    if more:
        log.info("interaction.archived")
    return more


async def forget_letters(runtime: Runtime[Any]) -> None:
    async with runtime.database.transaction() as session:
        await letters.forget(session, now=clock.now(), days=runtime.settings.dead_letter_days)

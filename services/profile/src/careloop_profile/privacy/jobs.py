"""What nobody may keep any longer goes by itself, where settings say for how long it is kept."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from careloop_common import clock, zones
from careloop_common.runtime import Runtime
from careloop_common.tokens import SYSTEM

from careloop_profile.customers.errors import CustomerErased
from careloop_profile.interactions.service import archiving
from careloop_profile.privacy import queries, service
from careloop_profile.privacy.policy import Reason
from careloop_profile.privacy.service import trimming

log = structlog.get_logger()
_AT_ONCE: Final = 20
_PASSED: Final = 5_000


async def forget_left(runtime: Runtime[Any]) -> bool:
    """Forget some of who left so long ago that nothing of them is needed; whether there may be more."""
    if not runtime.settings.left_days:
        return False
    now = clock.now()
    before = zones.day_of(now, runtime.settings.timezone) - timedelta(days=runtime.settings.left_days)
    async with runtime.database.transaction() as session:
        gone = await queries.left_before(session, before, _AT_ONCE)
    for customer_id in gone:
        try:
            async with runtime.database.transaction() as session:
                await service.request(
                    session, runtime.vault, customer_id, Reason.PURPOSE_SERVED, now=now, actor=SYSTEM
                )
        except CustomerErased:  # with another customer of the same person
            continue
    if gone:
        log.info("privacy.forgot_left", customers=len(gone))
    return len(gone) == _AT_ONCE


async def forget_archives(runtime: Runtime[Any]) -> bool:
    """Remove the oldest file of interactions, if it is older than it may be; whether there may be more."""
    settings = runtime.settings
    if not settings.archive_days:
        return False
    before = clock.now().astimezone(UTC).date() - timedelta(days=settings.archive_days)
    async with runtime.database.transaction() as session:
        return await archiving.discard_next(session, Path(settings.archive_directory), before=before)


async def trim_histories(runtime: Runtime[Any], most: int = _PASSED) -> bool:
    """Pass some changes of tags, stages and tiers that are older than they may be; whether there may be more."""
    if not runtime.settings.history_days:
        return False
    before = clock.now() - timedelta(days=runtime.settings.history_days)
    left = False
    for table in trimming.HISTORIES:
        async with runtime.database.transaction() as session:
            gone, more = await trimming.trim(session, table, before=before, limit=most)
        if gone:
            log.info("privacy.trimmed_history", history=table, count=gone)
        left = left or more
    return left

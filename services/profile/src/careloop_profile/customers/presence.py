"""Who writes about customers without having them locked, and who waits until all of those have ended."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_WRITING: Final = 0x6C6F6F6B
"""Advisory lock: shared by whoever writes about customers. Who erases somebody waits until all have ended who may not
know of it."""
_ENTER: Final = select(func.pg_advisory_xact_lock_shared(_WRITING))


async def enter(session: AsyncSession) -> None:
    """Whoever writes about customers says so first, before asking who is there and before other locks."""
    await session.execute(_ENTER)


async def all_have_left(session: AsyncSession) -> None:
    """Wait until all transactions that write about customers have ended."""
    await session.execute(select(func.pg_advisory_xact_lock(_WRITING)))

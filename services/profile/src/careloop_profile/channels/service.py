from typing import Any

from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.channels.errors import ChannelExists, ChannelNotFound
from careloop_profile.channels.models import ChannelRow


async def add(session: AsyncSession, facts: dict[str, Any]) -> ChannelRow:
    """A new channel: from now on interactions may come by it."""
    if await session.get(ChannelRow, facts["code"]) is not None:
        raise ChannelExists(f"There is a channel {facts['code']}.")
    row = ChannelRow(**facts)
    session.add(row)
    return row


async def revise(
    session: AsyncSession, code: str, facts: dict[str, Any], *, expected_version: int | None
) -> ChannelRow:
    """Replace the given facts of a channel."""
    row = await session.get(ChannelRow, code, with_for_update=True)
    if row is None:
        raise ChannelNotFound(f"There is no channel {code}.")
    check_version(expected_version, row.version)
    for name, value in facts.items():
        setattr(row, name, value)
    row.version += 1
    return row

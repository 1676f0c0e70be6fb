from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.channels.models import ChannelRow
from careloop_profile.channels.policy import Channel, Channels

_FRESH = timedelta(seconds=30)


class ChannelCatalogue:
    """The channels as intake knows them, read again every half minute."""

    def __init__(self) -> None:
        self._channels = Channels()
        self._read_at: datetime | None = None

    async def channels(self, session: AsyncSession, now: datetime) -> Channels:
        if self._read_at is None or now - self._read_at > _FRESH:
            rows = await session.scalars(select(ChannelRow).where(col(ChannelRow.active)))
            self._channels = Channels(Channel(row.code, row.rank, row.matches, row.kinds) for row in rows)
            self._read_at = now
        return self._channels

    def outdated(self) -> None:
        """Have them read again by the next who asks."""
        self._read_at = None

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.channels.models import ChannelRow

_FRESH = timedelta(seconds=30)


class ChannelCatalogue:
    """The codes that intake accepts, read again every half minute."""

    def __init__(self) -> None:
        self._codes: frozenset[str] = frozenset()
        self._read_at: datetime | None = None

    async def codes(self, session: AsyncSession, now: datetime) -> frozenset[str]:
        if self._read_at is None or now - self._read_at > _FRESH:
            self._codes = frozenset((await session.scalars(select(col(ChannelRow.code)))).all())
            self._read_at = now
        return self._codes

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from careloop_common.runtime import Runtime
from msgspec import Raw
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.channels.catalogue import ChannelCatalogue
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.metrics import ACCEPTED, REJECTED
from careloop_profile.interactions.policy import Row
from careloop_profile.interactions.service.intake import Intake
from careloop_profile.interactions.service.preparing import Preparer, Rejection

_SLICE = 200
"""Interactions prepared in one go, a few milliseconds. Where API and worker share a process, the worker would otherwise
wait for eight whole batches at each of its steps."""


class Desk:
    """Where interactions come in: one per process, since it gathers what arrives at the same moment."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        settings = runtime.settings
        self._channels = ChannelCatalogue()
        self._turn = asyncio.Lock()
        self._preparer = Preparer(runtime.vault, settings.phone_region)
        self._intake = Intake(
            runtime.bus, window=settings.intake_window, flush_seconds=settings.intake_flush_seconds
        )

    async def take(
        self, items: Sequence[Raw | bytes], session: AsyncSession, now: datetime
    ) -> tuple[int, list[Rejection]]:
        """How many the broker has, and why the others were refused."""
        channels = await self._channels.codes(session, now)
        rows: list[Row] = []
        rejected: list[Rejection] = []
        async with self._turn:
            for start in range(0, len(items), _SLICE):
                some = self._preparer.prepare(
                    items[start : start + _SLICE], channels=channels, now=now, first=start
                )
                rows += some[0]
                rejected += some[1]
                await asyncio.sleep(0)
        await self._intake.submit(rows, now)
        for rejection in rejected:
            REJECTED.labels(rejection.code).inc()
        ACCEPTED.inc(len(rows))
        return len(rows), rejected

    async def take_one(self, item: bytes, session: AsyncSession, now: datetime) -> None:
        channels = await self._channels.codes(session, now)
        rows, rejected = self._preparer.prepare([item], channels=channels, now=now)
        for rejection in rejected:
            REJECTED.labels(rejection.code).inc()
            raise ItemRefused(rejection.code, rejection.detail)
        await self._intake.submit_one(rows[0], now)
        ACCEPTED.inc()

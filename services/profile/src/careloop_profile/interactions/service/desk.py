import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from careloop_common.runtime import Runtime
from msgspec import Raw
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.channels.catalogue import ChannelCatalogue
from careloop_profile.interactions import policy
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.metrics import ACCEPTED, REJECTED
from careloop_profile.interactions.policy import Row
from careloop_profile.interactions.service import letters
from careloop_profile.interactions.service.intake import Intake
from careloop_profile.interactions.service.letters import Letter
from careloop_profile.interactions.service.preparing import Preparer, Rejection

_SLICE = 200
"""Interactions prepared in one go, a few milliseconds. Where API and worker share a process, the worker would otherwise
wait for eight whole batches at each of its steps."""

Prepared = tuple[list[Row], list[Rejection]]


class Desk:
    """Where interactions come in: one per process, since it gathers what arrives at the same moment."""

    def __init__(self, runtime: Runtime[Any], catalogue: ChannelCatalogue) -> None:
        settings = runtime.settings
        oldest = timedelta(days=settings.interaction_days or policy.OLDEST.days)
        self.catalogue = catalogue
        self.preparer = Preparer(runtime.vault, settings.phone_region, min(oldest, policy.OLDEST))
        self.intake = Intake(
            runtime.bus, window=settings.intake_window, flush_seconds=settings.intake_flush_seconds
        )
        self._turn = asyncio.Lock()

    async def take(
        self, items: Sequence[Raw | bytes], session: AsyncSession, now: datetime, source: str
    ) -> tuple[int, list[Rejection]]:
        """How many the broker has, and why the others were refused. Those are kept, to be looked at and sent again."""
        channels = (await self.catalogue.channels(session, now)).codes

        def prepare(some: Sequence[Raw | bytes], first: int) -> Prepared:
            return self.preparer.prepare(some, channels=channels, now=now, first=first)

        rows, rejected = await self.in_turn(items, prepare)
        await self.submit(rows, now)
        refused = [
            Letter("interaction", source, one.code, one.detail, bytes(items[one.index])) for one in rejected
        ]
        await letters.keep(session, refused, now=now)
        return len(rows), rejected

    async def in_turn(
        self,
        items: Sequence[Raw | bytes],
        prepare: Callable[[Sequence[Raw | bytes], int], Prepared],
    ) -> Prepared:
        """What `prepare` makes of the items, a slice at a time; one batch after the other."""
        rows: list[Row] = []
        rejected: list[Rejection] = []
        async with self._turn:
            for start in range(0, len(items), _SLICE):
                some = prepare(items[start : start + _SLICE], start)
                rows += some[0]
                rejected += some[1]
                await asyncio.sleep(0)
        return rows, rejected

    async def submit(self, rows: Sequence[Row], now: datetime) -> None:
        """Return once the broker has the rows."""
        await self.intake.submit(rows, now)
        ACCEPTED.inc(len(rows))

    async def take_one(self, item: bytes, session: AsyncSession, now: datetime) -> None:
        channels = (await self.catalogue.channels(session, now)).codes
        rows, rejected = self.preparer.prepare([item], channels=channels, now=now)
        for rejection in rejected:
            REJECTED.labels(rejection.code).inc()
            raise ItemRefused(rejection.code, rejection.detail)
        await self.intake.submit_one(rows[0], now)
        ACCEPTED.inc()

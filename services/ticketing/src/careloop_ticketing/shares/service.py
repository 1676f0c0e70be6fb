from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.kpis import queries
from careloop_ticketing.kpis.errors import WindowInvalid
from careloop_ticketing.kpis.queries import Span
from careloop_ticketing.shares import policy
from careloop_ticketing.shares.policy import Holder, Split
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Watch
from careloop_ticketing.tickets import holders

MOST: Final = 20_000
"""Tickets in one report: their clocks are read one by one."""
_BATCH: Final = 500

Parts = Mapping[Holder, timedelta]


@dataclass(frozen=True, slots=True)
class Shared:
    """A clock and who used it up."""

    watch: Watch
    parts: Parts
    over: Parts


@dataclass(slots=True)
class Total:
    """What one group had of one clock, over many tickets."""

    clocks: int = 0
    counted: timedelta = timedelta()
    over: timedelta = timedelta()


async def shares(
    session: AsyncSession, ticket_ids: Collection[UUID], now: datetime
) -> Mapping[UUID, Sequence[Shared]]:
    """The clocks of each ticket, by name and instance."""
    watches = await sla.every(session, ticket_ids)
    handovers = await holders.handovers(session, ticket_ids)
    return {
        ticket_id: [_shared(one, policy.spells(handovers[ticket_id]), now) for one in theirs]
        for ticket_id, theirs in watches.items()
    }


def _shared(watch: Watch, spells: Sequence[policy.Spell], now: datetime) -> Shared:
    return Shared(watch, policy.parts(watch.clock, spells, now), policy.over(watch.clock, spells, now))


async def report(
    session: AsyncSession, span: Span, split: Split, now: datetime
) -> tuple[int, Mapping[tuple[str, str], Total]]:
    """How many tickets there were, and the total of each clock and group."""
    ids = await queries.opened(session, span, limit=MOST + 1)
    if len(ids) > MOST:
        raise WindowInvalid(f"More than {MOST} tickets were opened in it.", pointer="opened_until")
    totals: dict[tuple[str, str], Total] = defaultdict(Total)
    async for one in _all(session, ids, now):
        for group, counted in _grouped(one.parts, split).items():
            total = totals[one.watch.name, group]
            total.clocks += 1
            total.counted += counted
        for group, late in _grouped(one.over, split).items():
            totals[one.watch.name, group].over += late
    return len(ids), totals


async def _all(session: AsyncSession, ids: Sequence[UUID], now: datetime) -> AsyncIterator[Shared]:
    for begin in range(0, len(ids), _BATCH):
        for shared in (await shares(session, ids[begin : begin + _BATCH], now)).values():
            for one in shared:
                yield one


def _grouped(parts: Parts, split: Split) -> Mapping[str, timedelta]:
    found: dict[str, timedelta] = defaultdict(timedelta)
    for holder, counted in parts.items():
        found[holder.by(split)] += counted
    return found

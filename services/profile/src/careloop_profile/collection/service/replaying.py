"""Trying again what was refused, after somebody has put right why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.collection.service.collecting import Collector
from careloop_profile.interactions import queries
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.service import letters
from careloop_profile.interactions.service.letters import Opened
from careloop_profile.interactions.service.preparing import Rejection


@dataclass(frozen=True, slots=True)
class Outcome:
    replayed: int
    failed: int
    left: int


async def replay(
    session: AsyncSession, collector: Collector, letter_id: UUID, *, now: datetime, actor: Actor
) -> None:
    """Take one dead letter; `ItemRefused` if there is still something wrong with it, and it stays as it was."""
    opened = await letters.hold(session, letter_id)
    for refused in (await _again(session, collector, [opened], now, actor)).values():
        raise ItemRefused(refused.code, letters.shown(refused.detail))


async def replay_all(
    session: AsyncSession, collector: Collector, reason: str, *, limit: int, now: datetime, actor: Actor
) -> Outcome:
    """Take dead letters that wait for this reason. Those that are refused again wait on, for the reason they have now."""
    held = await letters.hold_all(session, reason, limit=limit)
    refused = await _again(session, collector, held, now, actor)
    for place, rejection in refused.items():
        letters.refused_again(held[place], rejection.code, rejection.detail, now=now)
    await session.flush()
    return Outcome(len(held) - len(refused), len(refused), await queries.waiting(session, reason))


async def _again(
    session: AsyncSession, collector: Collector, held: Sequence[Opened], now: datetime, actor: Actor
) -> dict[int, Rejection]:
    refused = await collector.again(held, session, now)
    for place, opened in enumerate(held):
        if place not in refused:
            letters.replayed(opened, now=now, by=actor.id)
    return refused

"""What operators do about subscriptions, whoever made them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.errors import HubNotFound
from careloop_ticketing.tmf621.models import SubscriptionRow
from careloop_ticketing.tmf621.policy.notifying import GIVE_UP_AFTER, DeliveryState
from careloop_ticketing.tmf621.schemas import SentAgain, SubscriptionView

log = structlog.get_logger()
MOST_AT_ONCE: Final = 10_000


async def shown(
    session: AsyncSession, rows: Sequence[SubscriptionRow], now: datetime
) -> list[SubscriptionView]:
    standings = await ledger.standings(session, [row.id for row in rows])
    return [_view(row, standings[row.id], now) for row in rows]


async def get(session: AsyncSession, subscription_id: UUID, *, lock: bool = False) -> SubscriptionRow:
    found = await session.get(SubscriptionRow, subscription_id, with_for_update=lock or None)
    if found is None:
        raise HubNotFound(f"There is no subscription {subscription_id}.")
    return found


async def disable(session: AsyncSession, subscription_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Send nothing. What happens meanwhile waits, and is given up in its time; one that is disabled stays so."""
    row = await get(session, subscription_id, lock=True)
    if row.disabled_at is None:
        row.disabled_at, row.disabled_by = now, actor.id
        log.info("tmf621.subscription_disabled", subscription_id=str(row.id), by=actor.id)


async def enable(session: AsyncSession, subscription_id: UUID, *, actor: Actor) -> None:
    """Send again, and at once: whatever it failed by may be mended."""
    row = await get(session, subscription_id, lock=True)
    row.disabled_at = row.disabled_by = row.open_until = None
    row.failures = 0
    log.info("tmf621.subscription_enabled", subscription_id=str(row.id), by=actor.id)


async def send_again(
    session: AsyncSession, subscription_id: UUID, begin: datetime, end: datetime, *, now: datetime
) -> SentAgain:
    """Let what was given up wait anew, the oldest first, for another day."""
    await get(session, subscription_id)
    count = await ledger.send_again(
        session,
        subscription_id,
        begin,
        end,
        now=now,
        give_up_at=now + GIVE_UP_AFTER,
        limit=MOST_AT_ONCE,
    )
    return SentAgain(count=count, more=count == MOST_AT_ONCE)


def _view(row: SubscriptionRow, standing: ledger.Standing, now: datetime) -> SubscriptionView:
    return SubscriptionView(
        id=row.id,
        version=row.version,
        host=urlsplit(row.callback).netloc,
        query=row.query,
        created_by=row.created_by,
        created_at=row.created_at,
        state=row.state(now),
        failures=row.failures,
        open_until=row.open_until,
        disabled_at=row.disabled_at,
        disabled_by=row.disabled_by,
        waiting=standing.counts.get(DeliveryState.WAITING, 0),
        oldest_waiting_at=standing.oldest,
        delivered=standing.counts.get(DeliveryState.DELIVERED, 0),
        given_up=standing.counts.get(DeliveryState.GIVEN_UP, 0),
    )

"""The job that notifies subscribers. What is to be sent is read, sent without a transaction, and then marked.

A process that dies in between sends it again: a subscriber knows it by its eventId.
"""

import asyncio
from datetime import datetime, timedelta

import structlog
from careloop_common import clock
from careloop_common.errors import SealBroken
from careloop_common.runtime import Runtime

from careloop_ticketing.settings import Settings
from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.models import DeliveryRow, SubscriptionRow
from careloop_ticketing.tmf621.policy import callbacks, notifying
from careloop_ticketing.tmf621.policy.notifying import DeliveryState
from careloop_ticketing.tmf621.sending import Sender
from careloop_ticketing.tmf621.service import telling
from careloop_ticketing.tmf621.service.subscribing import SEALED_AS

log = structlog.get_logger()
_AT_ONCE = 32
_DELIVERED = timedelta(hours=24)
_GIVEN_UP = timedelta(days=30)


async def notify(runtime: Runtime[Settings]) -> bool:
    """One turn; True if there was something to do, so that the next follows at once."""
    now, settings = clock.now(), runtime.settings
    async with runtime.database.transaction() as session:
        written = await telling.write_due(session, settings.public_url, now=now)
    async with runtime.database.transaction() as session:
        due = await ledger.due_deliveries(session, now=now, limit=_AT_ONCE)
    if due:
        sender = Sender(callbacks.networks(settings.hub_networks), seconds=settings.hub_timeout_seconds)
        try:
            await asyncio.gather(*(_deliver(runtime, sender, *one) for one in due))
        finally:
            await sender.close()
    return bool(written or due)


async def _deliver(
    runtime: Runtime[Settings], sender: Sender, delivery: DeliveryRow, subscription: SubscriptionRow
) -> None:
    failure: str | None
    try:
        secret = runtime.vault.open(subscription.id, SEALED_AS, subscription.secret)
    except SealBroken:
        # Its key has left the ring: that is no reason to keep the others waiting.
        failure = "secret cannot be opened"
    else:
        failure = await _send(sender, delivery, subscription, secret)
    async with runtime.database.transaction() as session:
        # The subscription may have been ended meanwhile, and its notifications with it.
        stored = await session.get(DeliveryRow, delivery.id, with_for_update=True)
        if stored is not None:
            _mark(stored, failure, clock.now(), runtime.settings.hub_retry_seconds)


async def _send(
    sender: Sender, delivery: DeliveryRow, subscription: SubscriptionRow, secret: str
) -> str | None:
    body = delivery.body.encode()
    return await sender.send(subscription.callback, delivery.event_type, delivery.event_id, body, secret)


def _mark(delivery: DeliveryRow, failure: str | None, now: datetime, first: float) -> None:
    delivery.attempts += 1
    delivery.error = failure
    if failure is None:
        delivery.state, delivery.ended_at = DeliveryState.DELIVERED, now
        return
    again = notifying.next_attempt(delivery.attempts, first=first, now=now, since=delivery.created_at)
    if again is not None:
        delivery.next_at = again
        return
    delivery.state, delivery.ended_at = DeliveryState.GIVEN_UP, now
    log.error(
        "tmf621.notification_given_up",
        subscription_id=str(delivery.subscription_id),
        event_id=str(delivery.event_id),
        error=failure,
    )


async def forget(runtime: Runtime[Settings]) -> None:
    """Delivered notifications are kept for a day, given up ones for thirty."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        await ledger.forget_ended(session, delivered=now - _DELIVERED, given_up=now - _GIVEN_UP)

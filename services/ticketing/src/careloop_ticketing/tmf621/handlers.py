"""The jobs of notifications: writing them, delivering them, and putting an end to what is old."""

from datetime import timedelta

import structlog
from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.settings import Settings
from careloop_ticketing.tmf621 import ledger, metrics
from careloop_ticketing.tmf621.delivering import Courier
from careloop_ticketing.tmf621.policy import addresses
from careloop_ticketing.tmf621.policy.circuits import SubscriptionState
from careloop_ticketing.tmf621.sending import Sender
from careloop_ticketing.tmf621.service import telling

log = structlog.get_logger()
_DELIVERED = timedelta(hours=24)
_GIVEN_UP = timedelta(days=30)


async def write(runtime: Runtime[Settings]) -> bool:
    """Write the notifications of some changes; True if there were any, so that the next follow at once."""
    async with runtime.database.transaction() as session:
        return bool(await telling.write_due(session, runtime.settings.public_url, now=clock.now()))


async def deliver(runtime: Runtime[Settings]) -> None:
    """Deliver until nothing is left that may be sent now."""
    settings = runtime.settings
    sender = Sender(addresses.networks(settings.hub_networks), seconds=settings.hub_timeout_seconds)
    try:
        await Courier(runtime, sender).run()
    finally:
        await sender.close()


async def tend(runtime: Runtime[Settings]) -> None:
    """Give up what waited for a day, and set the gauges: those of every worker, for they stay as they were set last."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        given_up = await ledger.give_up(session, now=now)
        waiting, oldest = await ledger.backlog(session)
        lanes = await ledger.lanes(session)
    metrics.GIVEN_UP.inc(given_up)
    metrics.WAITING.set(waiting)
    metrics.OLDEST.set((now - oldest).total_seconds() if oldest else 0)
    metrics.OPEN.set(sum(lane.state(now) is SubscriptionState.OPEN for lane in lanes))
    if given_up:
        log.error("tmf621.notifications_given_up", count=given_up)


async def forget(runtime: Runtime[Settings]) -> None:
    """Delivered notifications are kept for a day, given up ones for thirty."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        await ledger.forget_ended(session, delivered=now - _DELIVERED, given_up=now - _GIVEN_UP)

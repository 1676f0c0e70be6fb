"""Customers who became known or changed may be family of somebody; and days come round."""

from collections.abc import Sequence
from typing import Any

from careloop_common import clock, zones
from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties.service.anniversaries import plan
from careloop_profile.parties.service.proposing import Listener


class Hearing:
    """Passes on who became known or changed."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    async def on_customers(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids = {delivery.event.customer_id for delivery in deliveries}
        await self._listener.heard(session, ids, now=deliveries[-1].meta.now)


def subscriptions(runtime: Runtime[Any]) -> list[Subscription]:
    settings = runtime.settings
    hearing = Hearing(Listener(runtime.vault, settings.household_most, settings.timezone))
    handlers = [on_batch((CustomerRegisteredV1, CustomerUpdatedV1), hearing.on_customers)]
    return [Subscription(entity="customer", durable="propose-families", handlers=handlers)]


async def plan_anniversaries(runtime: Runtime[Any]) -> None:
    """Arm the timer of each day that is near and has none."""
    zone = zones.zone(runtime.settings.timezone)
    async with runtime.database.transaction() as session:
        await plan(session, zone, runtime.settings.anniversary_hour, now=clock.now())

"""Customers who became known may be who a file spoke of."""

from collections.abc import Sequence
from typing import Any

from careloop_common import clock
from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.service.relating import arrived, grown


async def on_customers(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    ids = {delivery.event.customer_id for delivery in deliveries}
    await arrived(session, ids, deliveries[-1].meta.now)


def subscriptions() -> list[Subscription]:
    handlers = [on_batch((CustomerRegisteredV1, CustomerUpdatedV1), on_customers)]
    return [Subscription(entity="customer", durable="settle-relations", handlers=handlers)]


async def try_minors_again(runtime: Runtime[Any]) -> None:
    """Job: no event tells of a guardian whom somebody stated, nor of a birthday."""
    async with runtime.database.transaction() as session:
        await grown(session, clock.now())

"""Customers who became known may be who a file spoke of."""

from collections.abc import Sequence

from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.service.relating import arrived


async def on_customers(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    ids = {delivery.event.customer_id for delivery in deliveries}
    await arrived(session, ids, deliveries[-1].meta.now)


def subscriptions() -> list[Subscription]:
    handlers = [on_batch((CustomerRegisteredV1, CustomerUpdatedV1), on_customers)]
    return [Subscription(entity="customer", durable="settle-relations", handlers=handlers)]

"""A customer is to be forgotten."""

from collections.abc import Sequence

from careloop_common import outbox
from careloop_common.messaging.subscription import Delivery
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.privacy import events, service


async def erased(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    """Obey, and say so."""
    now = deliveries[-1].meta.now
    for one in {delivery.event.customer_id: delivery.event for delivery in deliveries}.values():
        done = await service.forget(session, one.customer_id, now=now)
        outbox.add(session, events.erased(one.customer_id, one.request_id, done, now), now=now)

from collections.abc import Sequence
from typing import Any

from careloop_common import clock
from careloop_common.messaging.subscription import Delivery
from careloop_common.runtime import Runtime
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.customers import handlers as replica
from careloop_ticketing.customers import service as customers
from careloop_ticketing.tickets.service import linking


async def on_customers(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    """Keep the replica, link the tickets that were waiting for one of these customers, and have others follow theirs."""
    changed, moved = await customers.replicate(session, replica.states(deliveries))
    await linking.take_in(session, changed, moved, now=deliveries[-1].meta.now)


async def catch_up(runtime: Runtime[Any]) -> None:
    """The job behind `on_customers`, for tickets that were opened in the same moment."""
    async with runtime.database.transaction() as session:
        await linking.catch_up(session, now=clock.now())

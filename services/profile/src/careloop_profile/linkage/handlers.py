"""Customers who became known or changed may probably be somebody who is known."""

from collections.abc import Sequence
from typing import Any

from careloop_common import clock
from careloop_common.messaging.subscription import Delivery, Meta, Subscription, on, on_batch
from careloop_common.privacy import Vault
from careloop_common.runtime import Runtime
from careloop_contracts import (
    CustomerMergedV1,
    CustomerRegisteredV1,
    CustomerUnmergedV1,
    CustomerUpdatedV1,
)
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identity.service import Candidates
from careloop_profile.linkage import metrics, queries
from careloop_profile.linkage.service import Linker, Records


class Matcher:
    """Looks for the persons of customers, by the model."""

    def __init__(self, vault: Vault) -> None:
        self._linker = linker(vault)

    async def on_customers(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids = {delivery.event.customer_id for delivery in deliveries}
        await self._linker.link(session, ids, now=deliveries[-1].meta.now)


async def on_merged(session: AsyncSession, event: CustomerMergedV1, meta: Meta) -> None:
    await queries.settle(session, event.customers, meta.now)


async def on_unmerged(session: AsyncSession, event: CustomerUnmergedV1, meta: Meta) -> None:
    await queries.settle_parted(session, event.parts, meta.now)


def linker(vault: Vault) -> Linker:
    return Linker(Records(vault), Candidates(vault))


def subscriptions(vault: Vault) -> list[Subscription]:
    handlers = [
        on_batch((CustomerRegisteredV1, CustomerUpdatedV1), Matcher(vault).on_customers),
        on(CustomerMergedV1, on_merged),
        on(CustomerUnmergedV1, on_unmerged),
    ]
    return [Subscription(entity="customer", durable="link-customers", handlers=handlers)]


async def apply(runtime: Runtime[Any]) -> bool:
    """Compare the next of the customers known before by a model that is new; whether there may be more."""
    async with runtime.database.transaction() as session:
        return await linker(runtime.vault).apply(session, now=clock.now())


async def tell(runtime: Runtime[Any]) -> None:
    """Set the gauges of the queue, in each process, for each is asked by itself."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        count, _, oldest = await queries.waiting(session)
    metrics.OPEN.set(count)
    metrics.OLDEST.set((now - (oldest or now)).total_seconds())

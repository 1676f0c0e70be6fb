"""Customers who became known or changed may be somebody who is known."""

from collections.abc import Sequence

from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_common.privacy import Vault
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identity import service
from careloop_profile.identity.service.candidates import Candidates


class Matcher:
    """Looks for the persons of customers, by the rules."""

    def __init__(self, vault: Vault) -> None:
        self._candidates = Candidates(vault)

    async def on_customers(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids = {delivery.event.customer_id for delivery in deliveries}
        await service.match(session, self._candidates, ids, now=deliveries[-1].meta.now)


def subscriptions(vault: Vault) -> list[Subscription]:
    return [
        Subscription(
            entity="customer",
            durable="match-identities",
            handlers=[on_batch((CustomerRegisteredV1, CustomerUpdatedV1), Matcher(vault).on_customers)],
        )
    ]

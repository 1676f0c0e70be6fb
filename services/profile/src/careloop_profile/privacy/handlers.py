"""What the other services say of erasures, and what the stream says of those that a restored database does not know."""

from collections.abc import Sequence
from typing import Any

from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_contracts import (
    CampaignCustomerErasedV1,
    CustomerErasedV1,
    Event,
    ScoreCustomerErasedV1,
    TicketCustomerErasedV1,
)
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.privacy import service

_SERVICES: dict[type[Event], str] = {
    CampaignCustomerErasedV1: "campaign",
    ScoreCustomerErasedV1: "scoring",
    TicketCustomerErasedV1: "ticketing",
}


class Hearing:
    """Hears of erasures."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self._vault, self._services = runtime.vault, runtime.settings.erasure_services

    async def on_erased(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        erased = [(one.event.customer_id, one.event.request_id) for one in deliveries]
        await service.obey(session, self._vault, erased, now=deliveries[-1].meta.now)

    async def on_obeyed(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        said = [
            {
                "request_id": one.event.request_id,
                "customer_id": one.event.customer_id,
                "service": _SERVICES[type(one.event)],
                "at": one.event.at,
                "done": one.event.done,
            }
            for one in deliveries
        ]
        await service.acknowledge(session, said, self._services, now=deliveries[-1].meta.now)


def subscriptions(runtime: Runtime[Any]) -> list[Subscription]:
    hearing = Hearing(runtime)
    obeyed = [
        Subscription(event.event_entity, f"erasures-of-{name}", [on_batch((event,), hearing.on_obeyed)])
        for event, name in _SERVICES.items()
    ]
    return [
        Subscription("customer", "obey-erasures", [on_batch((CustomerErasedV1,), hearing.on_erased)]),
        *obeyed,
    ]

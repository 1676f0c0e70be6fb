"""What time brings: the end of a yes, the end of a do-not-disturb, and the news of registers. And who unsubscribed."""

from typing import Any

from careloop_common import clock, subject_keys
from careloop_common.database import vault
from careloop_common.messaging.subscription import Meta, Subscription, on
from careloop_common.runtime import Runtime
from careloop_common.timers import TimerHandler, in_batches
from careloop_common.tokens import SYSTEM
from careloop_contracts import CustomerUnsubscribedV1
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import service
from careloop_profile.consents.service import Statement
from careloop_profile.customers.policy import ANY
from careloop_profile.customers.service import CONSENT_EXPIRY


def timers() -> dict[str, TimerHandler]:
    return {
        CONSENT_EXPIRY: in_batches(service.expire_due),
        service.BLOCK_END: in_batches(service.end_due),
    }


def subscriptions() -> list[Subscription]:
    return [
        Subscription(
            entity="campaign", durable="unsubscribes", handlers=[on(CustomerUnsubscribedV1, unsubscribed)]
        )
    ]


async def unsubscribed(session: AsyncSession, event: CustomerUnsubscribedV1, meta: Meta) -> None:
    """Whoever follows the link of a message withdraws their consent; the message is what proves it. Who was erased has none."""
    if await subject_keys.destroyed(session, [event.customer_id]):
        return
    words = [
        Statement(
            purpose,
            ANY,
            "withdrawn",
            event.at,
            proof_kind="message",
            proof={"reference": str(event.message_id), "details": {}},
            source="unsubscribe",
        )
        for purpose in event.purposes
    ]
    await service.declare(
        session,
        vault(session),
        event.customer_id,
        words,
        expected_version=None,
        now=meta.now,
        actor=SYSTEM,
    )


async def tell(runtime: Runtime[Any]) -> bool:
    """Tell other services of whom the next numbers on registers concern; whether there may be more."""
    async with runtime.database.transaction() as session:
        return await service.tell(session, now=clock.now())

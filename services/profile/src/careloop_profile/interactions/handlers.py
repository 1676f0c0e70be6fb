"""What comes off the streams: envelopes of interactions, and customers who became known."""

from collections.abc import Sequence

from careloop_common import clock
from careloop_common.messaging.subscription import (
    Delivery,
    RawMessage,
    RawSubscription,
    Subscription,
    on_batch,
)
from careloop_contracts import CustomerRegisteredV1, CustomerUpdatedV1, interaction
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.interactions import wire
from careloop_profile.interactions.service import recording


class Recorder:
    """Stores envelopes; one per process, since it remembers which customers exist."""

    def __init__(self) -> None:
        self._known = recording.KnownCustomers()

    async def on_envelopes(self, session: AsyncSession, messages: Sequence[RawMessage]) -> None:
        envelopes = [wire.decode_envelope(message.data) for message in messages]
        await recording.record(session, envelopes, self._known, now=clock.now())


async def on_customers(session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
    """A customer or an identifier is new: what waited for it can be attached."""
    ids = list({delivery.event.customer_id for delivery in deliveries})
    await recording.attach(session, ids, now=deliveries[-1].meta.now)


def subscriptions() -> list[RawSubscription | Subscription]:
    return [
        RawSubscription(
            stream=interaction.STREAM,
            subject=interaction.ALL_SUBJECTS,
            durable="interactions",
            handler=Recorder().on_envelopes,
            max_messages=64,
            max_bytes=2 << 20,
            gathering=1.0,
            divide=wire.divide,
        ),
        Subscription(
            entity="customer",
            durable="attach-interactions",
            handlers=[on_batch((CustomerRegisteredV1, CustomerUpdatedV1), on_customers)],
        ),
    ]

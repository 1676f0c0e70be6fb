from collections.abc import Sequence
from typing import Any

from careloop_common import clock
from careloop_common.messaging.subscription import RawMessage, RawSubscription
from careloop_common.runtime import Runtime
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.collection import events, wire
from careloop_profile.collection.service.applying import Applier


class Listener:
    """Applies envelopes of what messages say of customers."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        settings = runtime.settings
        self._applier = Applier(runtime.vault, settings.phone_region, settings.timezone)

    async def on_envelopes(self, session: AsyncSession, messages: Sequence[RawMessage]) -> None:
        said = [one for message in messages for one in wire.decode_sayings(message.data).items]
        await self._applier.apply(session, said, now=clock.now())


def subscriptions(runtime: Runtime[Any]) -> list[RawSubscription]:
    return [
        RawSubscription(
            stream=events.STREAM,
            subject=events.ALL_SAID,
            durable="apply-traits",
            handler=Listener(runtime).on_envelopes,
            max_messages=10,
            divide=wire.divide,
        )
    ]

"""Reading what a stream holds, without a consumer: for what is looked at seldom, a message at a time."""

import base64
from collections.abc import AsyncIterator
from typing import Final, TypeVar

from careloop_contracts import Event
from careloop_contracts.streams import stream_of

from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused

E = TypeVar("E", bound=Event)
_NO_MESSAGE: Final = 10037


async def events(bus: Bus, event: type[E]) -> AsyncIterator[E]:
    """The events of one type that its stream holds, oldest first."""
    stream = stream_of(event.event_entity).name
    subject = f"care.v{event.event_version}.{event.event_entity}.*.{event.event_name}"
    following = 1
    while True:
        try:
            found = await bus.api(f"STREAM.MSG.GET.{stream}", {"seq": following, "next_by_subj": subject})
        except BrokerRefused as refused:
            if refused.error == _NO_MESSAGE:
                return
            raise
        message = found["message"]
        following = message["seq"] + 1
        yield event.model_validate_json(base64.b64decode(message["data"]))

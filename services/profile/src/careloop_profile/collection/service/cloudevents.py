from typing import Final
from uuid import UUID

from msgspec import UNSET, Raw

from careloop_profile.channels.policy import Channels
from careloop_profile.collection import policy, wire
from careloop_profile.collection.service.reading import EPOCH, Frame, Read, Tools, channel_of, id_of, number
from careloop_profile.collection.wire import CloudEvent, EventData
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.policy import Arrival
from careloop_profile.interactions.wire import CustomerReference, Item

_OURS: Final = {"customer", "amount"}


class EventReader:
    """Reads CloudEvents. `source` and `id` say which event it is; one that comes again is the same."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def read(self, raw: bytes, frame: Frame, channels: Channels, arrival: Arrival) -> Read:
        event = wire.decode_event(raw)
        if event.data_base64 is not None:
            raise ItemRefused("properties_malformed", "data must be JSON")
        data, properties = _data(event)
        origin = {"protocol": "cloudevents", "source": event.source, "type": event.type}
        channel = channel_of(channels, event.channel, origin)
        kind = event.kind or policy.kind_of(event.type)
        if data.amount is not None and number(data.amount) is None:
            raise ItemRefused("amount_out_of_range", "amount must be a number below 10^12")
        item = Item(
            data.customer or _subject(event, frame),
            channel.code,
            channel.kinds.get(kind, kind),
            event.time or EPOCH,
            message_id=event.id,
            source=event.source,
            direction=event.direction,
            amount=number(data.amount),
            properties=Raw(properties),
        )
        return Read(self._tools.preparer.row(item, channels.codes, arrival))

    def whole(self, raw: bytes, frame: Frame) -> bytes:  # noqa: ARG002  (an event says everything of itself)
        return raw


def _data(event: CloudEvent) -> tuple[EventData, bytes]:
    """Who and how much, and the rest, which are the properties."""
    if event.data is UNSET or bytes(event.data) == b"null":
        return EventData(), b"{}"
    raw = bytes(event.data)
    if not raw.startswith(b"{"):
        return EventData(), b'{"data":' + raw + b"}"
    data = wire.decode_data(raw)
    if data.customer is None and data.amount is None:
        return data, raw
    rest = {name: value for name, value in wire.decode_any(raw).items() if name not in _OURS}
    return data, wire.encode(rest)


def _subject(event: CloudEvent, frame: Frame) -> CustomerReference:
    """The subject as a customer: by our id, or by the id that the sender's source has."""
    subject = id_of(event.subject)
    if subject is None:
        raise ItemRefused("customer_ambiguous", "subject, or customer in the data, must say who it is")
    try:
        return CustomerReference(customer_id=UUID(subject))
    except ValueError:
        return CustomerReference(source=frame.source, external_id=subject)

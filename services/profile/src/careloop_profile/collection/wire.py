"""Messages on the wire: as SDKs and other systems send them, and what is said of customers on its way to the worker."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from careloop_profile.interactions.wire import CustomerReference, Text, apart, loose

Verb = Literal["identify", "track", "page", "screen", "group", "alias"]
Instant = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(max_length=200)] | int | None
Name = Annotated[str, Meta(max_length=500)]


class Message(Struct, rename="camel"):
    """A message of the Segment specification. Members that we have no use for may be there."""

    type: Verb | None = None
    message_id: Text | None = None
    user_id: Id = None
    anonymous_id: Id = None
    previous_id: Id = None
    group_id: Id = None
    timestamp: Instant | None = None
    original_timestamp: Instant | None = None
    sent_at: Instant | None = None
    context: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    event: Name | None = None
    name: Name | None = None
    category: Name | None = None


class Batch(Struct, rename="camel"):
    """What a batch says of all its messages. A `writeKey` in it is for the gateway, which knows by it who sends."""

    batch: list[Raw]
    context: dict[str, Any] | None = None
    sent_at: Any = None

    @property
    def sent(self) -> datetime | None:
        """When it was sent; what is no time says nothing, and is no reason to refuse what is in the batch."""
        try:
            return msgspec.convert(self.sent_at, Instant)
        except msgspec.ValidationError:
            return None


class CloudEvent(Struct):
    """CloudEvents 1.0 in JSON, with three extensions of ours: `channel`, `kind` and `direction`."""

    id: Text
    source: Text
    specversion: Literal["1.0"]
    type: Text
    subject: Text | None = None
    time: Instant | None = None
    data: Raw | UnsetType = UNSET
    data_base64: str | None = None
    channel: str | None = None
    kind: str | None = None
    direction: Literal["inbound", "outbound"] | None = None


class EventData(Struct):
    """What of an event's data is no property of the interaction."""

    customer: CustomerReference | None = None
    amount: float | str | None = None


class Said(Struct, array_like=True):
    """What one message says of one customer: that there is one, what it is like, and who else it is."""

    uid: str
    at: int
    customer_id: str
    source: str
    external_id: str
    role: str
    traits: str = ""
    """JSON, sealed for the customer."""
    rule: str = ""
    other: str = ""
    """With `rule`: the external id of whom the message says that it is the same."""


class Sayings(Struct):
    """An envelope of them."""

    received_at: int
    items: list[Said]


decode_message = msgspec.json.Decoder(Message).decode
decode_batch = msgspec.json.Decoder(Batch).decode
decode_event = msgspec.json.Decoder(CloudEvent).decode
decode_data = msgspec.json.Decoder(EventData).decode
decode_events = msgspec.json.Decoder(list[Raw]).decode
decode_sayings = msgspec.json.Decoder(Sayings).decode
decode_any = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


def salvage_batch(body: bytes) -> Batch | None:
    """A batch that the strict decoder refuses as a whole, for what only one message does; see `interactions.wire`."""
    found = loose(body)
    if not isinstance(found, dict) or not isinstance(found.get("batch"), list):
        return None
    try:
        frame = decode_batch(json.dumps({**found, "batch": []}))
    except msgspec.DecodeError:
        return None
    return msgspec.structs.replace(frame, batch=list(map(Raw, apart(found["batch"]))))


def salvage_events(body: bytes) -> list[bytes] | None:
    """As `salvage_batch`, a list of events."""
    found = loose(body)
    return apart(found) if isinstance(found, list) else None


def seal(items: Sequence[Said], received_at: int) -> bytes:
    """The envelope of these as the body of a message."""
    return encode(Sayings(received_at, list(items)))


def divide(body: bytes) -> list[bytes]:
    """An envelope in envelopes of one each."""
    try:
        envelope = decode_sayings(body)
    except msgspec.DecodeError:
        return [body]
    return [seal([item], envelope.received_at) for item in envelope.items]

"""CloudEvents 1.0 in the NATS binding's binary mode: attributes travel as headers, the body is the event alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_contracts.event import Event, find

MESSAGE_ID: Final = "Nats-Msg-Id"
"""JetStream's duplicate key: always the event's id, since a second body under one id is swallowed."""

CONTENT_TYPE: Final = "application/json"


class MalformedEnvelope(ValueError):
    """The message is no CloudEvent: an attribute is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The attributes of one event on the wire."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    traceparent: str | None = None


def headers(
    event: Event, *, event_id: UUID, time: datetime, source: str, traceparent: str | None = None
) -> dict[str, str]:
    """Return the headers of an event; `source` is a URI reference such as `/careloop/ticketing`."""
    key, name = event.key_value, str(event_id)
    attributes = {
        MESSAGE_ID: name,
        "ce-specversion": "1.0",
        "ce-id": name,
        "ce-type": event.type,
        "ce-source": source,
        "ce-subject": key,
        "ce-partitionkey": key,
        "ce-time": time.isoformat(),
        "content-type": CONTENT_TYPE,
    }
    if traceparent:
        attributes["traceparent"] = traceparent
    return attributes


def parse(received: Mapping[str, str] | None) -> Envelope:
    """Read the envelope of a message, in whatever case its headers are written."""
    found = {name.lower(): value for name, value in (received or {}).items()}
    if found.get("ce-specversion") != "1.0":
        raise MalformedEnvelope("not a CloudEvent 1.0 in binary mode")
    try:
        return Envelope(
            id=UUID(found["ce-id"]),
            type=found["ce-type"],
            source=found["ce-source"],
            subject=found.get("ce-subject", ""),
            time=datetime.fromisoformat(found["ce-time"]),
            traceparent=found.get("traceparent"),
        )
    except KeyError as missing:
        raise MalformedEnvelope(f"header {missing} is missing") from missing
    except ValueError as unreadable:
        raise MalformedEnvelope(str(unreadable)) from unreadable


def decode(envelope: Envelope, body: bytes) -> Event | None:
    """Return the event of a body, or None for a type that this build does not know.

    Raises pydantic's ValidationError for a body that is not of its type.
    """
    event_class = find(envelope.type)
    return None if event_class is None else event_class.model_validate_json(body)

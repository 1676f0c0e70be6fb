"""The AsyncAPI 3 document of all events, for tools and for people who integrate without this code."""

from typing import Any

from careloop_contracts.event import PARTITIONS, Event, registered
from careloop_contracts.schemas import derive
from careloop_contracts.streams import stream_of

Document = dict[str, Any]


def document() -> Document:
    """Return the document; operations are seen from the service that owns the event."""
    events = registered()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "CareLoop events",
            "version": "1.0.0",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "description": (
                "CloudEvents 1.0 in the binary mode of the NATS binding: attributes are headers, the body is the "
                "event alone. At least once on the wire; the order of each aggregate is kept."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {_name(event): _channel(event) for event in events},
        "operations": {_name(event): _operation(event) for event in events},
        "components": {
            "messages": {_name(event): _message(event) for event in events},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "schemas": _schemas(events),
        },
    }


def _name(event: type[Event]) -> str:
    return event.type.removeprefix("careloop.")


def _channel(event: type[Event]) -> Document:
    return {
        "address": f"care.v{event.event_version}.{event.event_entity}.{{partition}}.{event.event_name}",
        "title": f"{stream_of(event.event_entity).name}: {event.event_name}",
        "parameters": {
            "partition": {
                "description": f"crc32 of the key ({event.event_key}) modulo {PARTITIONS}, in two digits",
                "enum": [f"{number:02d}" for number in range(PARTITIONS)],
            }
        },
        "messages": {_name(event): {"$ref": f"#/components/messages/{_name(event)}"}},
    }


def _operation(event: type[Event]) -> Document:
    owner = stream_of(event.event_entity).owner
    pointer = _name(event).replace("~", "~0").replace("/", "~1")
    return {
        "action": "send",
        "summary": f"{owner} publishes",
        "channel": {"$ref": f"#/channels/{pointer}"},
        "messages": [{"$ref": f"#/channels/{pointer}/messages/{pointer}"}],
        "tags": [{"name": owner}],
    }


def _message(event: type[Event]) -> Document:
    return {
        "name": event.type,
        "summary": (event.__doc__ or "").strip(),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"#/components/schemas/{_name(event)}"},
    }


def _headers() -> Document:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-time", "Nats-Msg-Id"],
        "properties": {
            "ce-specversion": {"type": "string", "const": "1.0"},
            "ce-id": {"type": "string", "format": "uuid"},
            "ce-type": text,
            "ce-source": {"type": "string", "format": "uri-reference"},
            "ce-subject": {"type": "string", "description": "The id of the aggregate."},
            "ce-partitionkey": text,
            "ce-time": {"type": "string", "format": "date-time"},
            "traceparent": {"type": "string", "description": "W3C trace context of what caused the event."},
            "Nats-Msg-Id": {"type": "string", "description": "Equal to ce-id."},
        },
    }


def _schemas(events: Any) -> Document:
    """One entry for each event, and one for each part that several of them share."""
    found: Document = {}
    for event in events:
        schema = {name: value for name, value in derive(event).items() if name not in {"$schema", "$id"}}
        for part, definition in schema.pop("$defs", {}).items():
            found[part] = _moved(definition)
        found[_name(event)] = _moved(schema)
    return found


def _moved(node: Any) -> Any:
    """References into a document's own definitions, turned to the shared ones."""
    if isinstance(node, dict):
        return {
            name: value.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _moved(value)
            for name, value in node.items()
        }
    return [_moved(item) for item in node] if isinstance(node, list) else node

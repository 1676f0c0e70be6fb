"""Interactions on the wire: what clients send, and the envelopes in which they travel to the worker."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.policy import MAX_PROPERTIES, Row

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class CustomerReference(Struct, forbid_unknown_fields=True):
    """Exactly one of: `customer_id`; `source` with `external_id`; `phone`; `email`."""

    customer_id: UUID | None = None
    source: Text | None = None
    external_id: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class Item(Struct, forbid_unknown_fields=True):
    customer: CustomerReference
    channel: str
    kind: str
    occurred_at: Annotated[datetime, Meta(tz=True)]
    message_id: Text | None = None
    source: Text | None = None
    direction: Literal["inbound", "outbound"] | None = None
    amount: Decimal | None = None
    properties: Raw = Raw(b"{}")


class Batch(Struct, forbid_unknown_fields=True):
    items: list[Raw]


class Envelope(Struct):
    """Up to two hundred interactions, column by column in the order of `Row`: a column is one text with a value per
    line. So the worker hands columns from message to statement without touching an item."""

    received_at: int
    count: int
    columns: list[str]


decode_batch = msgspec.json.Decoder(Batch).decode
decode_item = msgspec.json.Decoder(Item).decode
_decode_packed = msgspec.msgpack.Decoder(Envelope).decode
_decode_written = msgspec.json.Decoder(Envelope).decode
_pack = msgspec.msgpack.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_decode_any = msgspec.json.Decoder().decode

_MAX_DEPTH = 32
_ESCAPE = b"\\u"
"""It may hide what PostgreSQL refuses."""
_EXPONENT = re.compile(rb"[eE]\+?[0-9]{3}")
"""It may be beyond PostgreSQL's numbers. An expression that begins with so few characters is searched for by them."""


def salvage(body: bytes) -> list[bytes] | None:
    """The items of a body that the strict decoder refuses as a whole, for what only one item does: half a surrogate
    pair, a number beyond all bounds. None where it is no batch at all."""
    batch = loose(body)
    if isinstance(batch, dict) and batch.keys() == {"items"} and isinstance(batch["items"], list):
        return apart(batch["items"])
    return None


def loose(body: bytes) -> Any:
    """What a less strict decoder reads in a body; None where it reads nothing."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def apart(items: Sequence[Any]) -> list[bytes]:
    """What was read, item by item, each as it was sent."""
    return [json.dumps(item).encode() for item in items]


def seal(rows: Sequence[Row], received_at: int) -> bytes:
    """The envelope of these rows as the body of a message."""
    columns = list(map("\n".join, zip(*rows, strict=True)))
    return _pack(Envelope(received_at, len(rows), columns))


def decode_envelope(body: bytes) -> Envelope:
    """The envelope of a message: packed, for there are quotes in it which JSON would have to escape. Earlier versions
    wrote JSON, of which a stream may still have some."""
    return _decode_written(body) if body.startswith(b"{") else _decode_packed(body)


def divide(body: bytes) -> list[bytes]:
    """An envelope in envelopes of one interaction each."""
    try:
        envelope = decode_envelope(body)
        rows = list(zip(*(column.split("\n") for column in envelope.columns), strict=True))
    except (msgspec.DecodeError, ValueError):
        return [body]
    return [_pack(Envelope(envelope.received_at, 1, list(row))) for row in rows]


def checked_properties(raw: Raw) -> str:
    """The JSON object on one line, if PostgreSQL will take it: the database refuses some of what JSON allows."""
    body = bytes(raw)
    if len(body) > MAX_PROPERTIES:
        raise ItemRefused("properties_too_large", f"properties may have {MAX_PROPERTIES} bytes")
    if not body.startswith(b"{"):
        raise ItemRefused("properties_malformed", "properties must be an object")
    if len(body) > 2 and _suspicious(body):
        _check_thoroughly(body)
    # Within JSON a bare newline is white space: in a string it is written \\n.
    return body.decode().replace("\n", " ")


def canonical(raw: str) -> str:
    """One spelling per value, so that a message without an id is recognised when it is sent again."""
    return _encode_sorted(_decode_any(raw)).decode()


def _suspicious(body: bytes) -> bool:
    """Whether it takes more than a glance to see that PostgreSQL will take it."""
    deep = body.count(b"{") + body.count(b"[") > _MAX_DEPTH
    return deep or _ESCAPE in body or _EXPONENT.search(body) is not None


def _check_thoroughly(body: bytes) -> None:
    try:
        value = _decode_any(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemRefused("properties_malformed", "properties are not valid JSON") from error
    if _depth(value, _MAX_DEPTH) < 0:
        raise ItemRefused("properties_malformed", f"properties may be nested {_MAX_DEPTH} deep")
    if _has_nul(value):
        raise ItemRefused("properties_malformed", "properties may not contain NUL characters")


def _depth(value: Any, left: int) -> int:
    """How many levels are left below `value`; negative when it is nested too deeply."""
    if left < 0 or not isinstance(value, dict | list):
        return left
    inner = value.values() if isinstance(value, dict) else value
    return min((_depth(item, left - 1) for item in inner), default=left)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))

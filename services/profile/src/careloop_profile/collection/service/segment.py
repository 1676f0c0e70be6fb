from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import DecodeError, Raw

from careloop_profile.channels.policy import Channels
from careloop_profile.collection import policy, wire
from careloop_profile.collection.service.reading import (
    EPOCH,
    Frame,
    Read,
    Tools,
    channel_of,
    id_of,
    number,
)
from careloop_profile.collection.wire import Message, Said
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.policy import Arrival, message_uid, microseconds
from careloop_profile.interactions.wire import CustomerReference, Item

MOST: Final = 32 * policy.KB
_AMOUNTS: Final = ("revenue", "total", "amount")
_DIRECTIONS: Final = ("inbound", "outbound")
_NOBODY: Final = "userId or anonymousId must say who it is"


class SegmentReader:
    """Reads messages of the Segment specification."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def read(self, raw: bytes, frame: Frame, channels: Channels, arrival: Arrival) -> Read:
        """What the message comes to: an interaction of track, page and screen, words about customers of the others."""
        if len(raw) > MOST and not frame.measured:
            raise ItemRefused("message_too_large", f"a message may have {MOST} bytes")
        message = wire.decode_message(raw)
        user, anonymous = id_of(message.user_id), id_of(message.anonymous_id)
        match frame.verb or message.type:
            case "track" | "page" | "screen" as verb:
                return self._happened(message, verb, user, anonymous, frame, channels, arrival)
            case "identify":
                said = self._identify(message, user, anonymous)
            case "group":
                said = self._group(message, user, anonymous)
            case "alias":
                said = self._alias(message, user)
            case _:
                raise ItemRefused("item_malformed", "type must say which kind of message it is")
        at, uid = _when(message, frame, arrival, raw)
        return Read(None, tuple(self._said(frame, at, uid, *each) for each in said))

    def whole(self, raw: bytes, frame: Frame) -> bytes:
        try:
            message = wire.decode_any(raw)
        except DecodeError:
            return raw
        if not isinstance(message, dict):
            return raw
        own = message.get("context")
        if frame.context and (own is None or isinstance(own, dict)):
            message["context"] = policy.merged(frame.context, own or {})
        if frame.sent_at is not None:
            message.setdefault("sentAt", frame.sent_at)
        if frame.verb is not None:
            message["type"] = frame.verb
        return wire.encode(message)

    def _happened(
        self,
        message: Message,
        verb: str,
        user: str | None,
        anonymous: str | None,
        frame: Frame,
        channels: Channels,
        arrival: Arrival,
    ) -> Read:
        name = message.event if verb == "track" else message.name
        if verb == "track" and not name:
            raise ItemRefused("kind_malformed", "a track message needs the name of an event")
        role, external_id = _who(user, anonymous)
        context = policy.merged(frame.context, message.context or {})
        channel = channel_of(channels, context.get("channel"), {**context, "protocol": "segment"})
        kind = policy.kind_of(message.event or "") if verb == "track" else verb
        properties = message.properties or {}
        claimed = message.original_timestamp or message.timestamp
        direction = properties.get("direction")
        source = policy.record_of(frame.source, role)
        item = Item(
            CustomerReference(source=source, external_id=external_id),
            channel.code,
            channel.kinds.get(kind, kind),
            claimed or EPOCH,
            message_id=message.message_id,
            source=frame.source,
            direction=direction if direction in _DIRECTIONS else None,
            amount=next(
                (found for key in _AMOUNTS if (found := number(properties.get(key))) is not None), None
            ),
            properties=Raw(_properties(message, name, properties, context, claimed, frame)),
        )
        row = self._tools.preparer.row(item, channels.codes, arrival)
        return Read(row, (Said(row.uid, int(row.at), row.customer_id, source, external_id, role),))

    def _identify(self, message: Message, user: str | None, anonymous: str | None) -> "list[_Word]":
        role, external_id = _who(user, anonymous)
        traits = policy.spoken(message.traits or {})
        if user and anonymous:
            return [(role, external_id, traits, "segment_identify", anonymous)]
        return [(role, external_id, traits, "", "")]

    def _group(self, message: Message, user: str | None, anonymous: str | None) -> "list[_Word]":
        group = id_of(message.group_id)
        if group is None:
            raise ItemRefused("customer_ambiguous", "a group message needs a groupId")
        words: list[_Word] = [("group", group, policy.spoken(message.traits or {}), "", "")]
        if user or anonymous:
            words.append((*_who(user, anonymous), {"group_id": group}, "", ""))
        return words

    def _alias(self, message: Message, user: str | None) -> "list[_Word]":
        previous = id_of(message.previous_id)
        if user is None or previous is None:
            raise ItemRefused("customer_ambiguous", "an alias message needs a previousId and a userId")
        return [("user", user, {}, "segment_alias", previous)]

    def _said(
        self,
        frame: Frame,
        at: int,
        uid: str,
        role: str,
        external_id: str,
        traits: Mapping[str, Any],
        rule: str,
        other: str,
    ) -> Said:
        source = policy.record_of(frame.source, role)
        customer_id = str(customer_id_of(source, external_id))
        sealed = self._tools.seal(customer_id, wire.encode(traits).decode()) if traits else ""
        return Said(uid, at, customer_id, source, external_id, role, sealed, rule, other)


_Word = tuple[str, str, Mapping[str, Any], str, str]
"""Role, external id, traits, rule and the other of something said."""


def _who(user: str | None, anonymous: str | None) -> tuple[str, str]:
    if user:
        return "user", user
    if anonymous:
        return "anonymous", anonymous
    raise ItemRefused("customer_ambiguous", _NOBODY)


def _when(message: Message, frame: Frame, arrival: Arrival, raw: bytes) -> tuple[int, str]:
    stated = message.original_timestamp or message.timestamp
    claimed = microseconds(stated) if stated else 0
    at, _ = arrival.occurred(claimed)
    return at, message_uid(claimed, frame.source, message.message_id or raw.decode())


def _properties(
    message: Message,
    name: str | None,
    properties: Mapping[str, Any],
    context: Mapping[str, Any],
    claimed: datetime | None,
    frame: Frame,
) -> bytes:
    """The message's own, with what it says besides under names that begin with an underscore."""
    ours: dict[str, Any] = {"_event": name, "_category": message.category}
    ours["_context"] = policy.kept_context(context)
    if claimed is not None and message.message_id is not None:
        # A message without an id is known by all that it says, so that must not depend on when it came.
        ours["_corrected_at"] = policy.corrected(claimed, message.sent_at or frame.sent_at, frame.received_at)
    return wire.encode({**properties, **{key: value for key, value in ours.items() if value}})

"""What readers of every form have in common."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, NamedTuple, Protocol

from careloop_profile.channels.policy import Channel, Channels
from careloop_profile.collection.wire import Said, Verb
from careloop_profile.identifiers.policy import is_placeholder, tidy
from careloop_profile.interactions.errors import ItemRefused
from careloop_profile.interactions.policy import Arrival, Row
from careloop_profile.interactions.service.preparing import Preparer

Form = Literal["segment", "cloudevent"]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a message that states none: no clock can be right that says so, and it is then taken to be when it arrived."""
_ZEROS: Final = re.compile(r"[0-]+")
_ID: Final = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """What a request says of all its messages."""

    source: str
    received_at: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None
    verb: Verb | None = None
    measured: bool = False
    """Whether the message was small enough when it came: now what its batch said may be in it."""


class Read(NamedTuple):
    """What a message comes to: something that happened, and words about customers."""

    row: Row | None
    said: tuple[Said, ...] = ()


class Reader(Protocol):
    """Reads messages of one form."""

    def read(self, raw: bytes, frame: Frame, channels: Channels, arrival: Arrival) -> Read: ...

    def whole(self, raw: bytes, frame: Frame) -> bytes:
        """The message with what its frame says of it, so that it can be read without."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What readers need of the process."""

    preparer: Preparer
    seal: Callable[[str, str], str]
    """Seals a text for a customer."""


def channel_of(channels: Channels, named: object, origin: Mapping[str, Any]) -> Channel:
    channel = channels.of(named, origin)
    if channel is None:
        raise ItemRefused(
            "channel_unknown", "no channel of GET /v1/channels is named, or recognised by its origin"
        )
    return channel


def id_of(value: str | int | None) -> str | None:
    """How somebody is called, unless it is a word for nobody: what thousands share would be one giant person."""
    if value is None:
        return None
    text = tidy(str(value))
    if len(text) > _ID:
        raise ItemRefused("item_malformed", f"an id may have {_ID} characters")
    return None if is_placeholder(text) or _ZEROS.fullmatch(text) else text


def number(value: object) -> Decimal | None:
    """The value as an amount, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and found.adjusted() < 12 else None

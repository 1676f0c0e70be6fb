"""What a transport is, and the three things that it can answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Envelope:
    """A rendered message on its way to one address. `message_id` is the same on every attempt."""

    message_id: UUID
    channel: str
    address: str
    subject: str
    text: str
    html: str
    language: str
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    possible_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has taken responsibility for it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good."""

    code: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Certainly not delivered, and worth another try."""

    code: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The answer did not come: it may or may not have been delivered."""

    code: str


Answer = Accepted | Rejected | Unavailable | Lost


class Transport(Protocol):
    """Carries envelopes. `send` raises nothing for what the other side does: that is an answer."""

    async def send(self, envelope: Envelope) -> Answer: ...

    async def close(self) -> None:
        """Let go of what is held open; the next `send` opens it again."""

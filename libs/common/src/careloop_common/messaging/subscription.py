"""What a service consumes: subscriptions, the handlers in them, and what handlers get."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from careloop_contracts import Event
from sqlalchemy.ext.asyncio import AsyncSession

E = TypeVar("E", bound=Event)


class AlreadyApplied(Exception):
    """A handler's word that what a message asks for is so already: nothing of it is kept, the consumer goes on."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What is known about an event besides itself."""

    event_id: UUID
    type: str
    time: datetime
    """When it happened, by the producer's clock."""
    now: datetime
    """When it is handled."""
    subject: str
    """The id of the aggregate that it is about."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event with its meta data, for handlers that take several."""

    event: Any
    meta: Meta


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it came off the stream."""

    stream: str
    sequence: int
    subject: str
    headers: Mapping[str, str]
    data: bytes
    nanos: int
    """When the broker stored it, in nanoseconds since 1970."""


Handler = Callable[[AsyncSession, Any, Meta], Awaitable[None]]
BatchHandler = Callable[[AsyncSession, Sequence[Delivery]], Awaitable[None]]
RawHandler = Callable[[AsyncSession, Sequence[RawMessage]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """The handler of some event types; exactly one of `one` and `many` is set."""

    event_types: tuple[type[Event], ...]
    one: Handler | None = None
    many: BatchHandler | None = None


def on(event_type: type[E], handler: Callable[[AsyncSession, E, Meta], Awaitable[None]]) -> Route:
    """Handle each event of a type."""
    return Route((event_type,), one=handler)


def on_batch(event_types: Sequence[type[Event]], handler: BatchHandler) -> Route:
    """Handle events of some types together: those that follow each other on the stream, in its order."""
    return Route(tuple(event_types), many=handler)


@dataclass(frozen=True)
class Subscription:
    """The events of one entity, handled exactly once each and in the order of every aggregate.

    `durable` names the consumer: its inbox and its position are kept under it. `groups` splits the partitions among
    so many consumers working side by side. Changing it starts over at the stream's beginning, guarded by the inbox;
    stop the service's other processes first.
    """

    entity: str
    durable: str
    handlers: Sequence[Route]
    groups: int = 1
    routes: Mapping[str, Route] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        routes: dict[str, Route] = {}
        for route in self.handlers:
            for event_type in route.event_types:
                if event_type.event_entity != self.entity:
                    raise ValueError(f"{event_type.type} is no event of {self.entity}")
                if event_type.type in routes:
                    raise ValueError(f"two handlers for {event_type.type}")
                routes[event_type.type] = route
        object.__setattr__(self, "routes", routes)


@dataclass(frozen=True, slots=True)
class RawSubscription:
    """Messages that are no events. The handler tells duplicates apart itself; its position is kept all the same."""

    stream: str
    subject: str
    durable: str
    handler: RawHandler
    max_messages: int = 20
    max_bytes: int = 4 << 20
    gathering: float = 0.0
    """For how long messages gather after a batch, in terms of the time that it took: of what comes all the time more is taken
    together, and what comes now and then waits no longer."""
    divide: Callable[[bytes], Sequence[bytes]] | None = None
    """The body in parts that the handler takes as well: when it fails, only those that fail alone are put aside. A body
    that cannot be read stays whole."""

"""Takes messages into effect, within a transaction that somebody else commits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Protocol
from uuid import UUID

import structlog
from careloop_contracts import PARTITIONS, envelope
from careloop_contracts.envelope import Envelope, MalformedEnvelope
from careloop_contracts.event import find
from careloop_contracts.streams import stream_of, subjects_of
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.messaging.subscription import (
    Delivery,
    Meta,
    RawMessage,
    RawSubscription,
    Route,
    Subscription,
)
from careloop_common.observability.tracing import consumer_span

_REGISTER = text(
    """
    INSERT INTO inbox (consumer, event_id, received_at)
    SELECT CAST(:consumer AS text), unnest(CAST(:ids AS uuid[])), CAST(:now AS timestamptz)
    ON CONFLICT DO NOTHING
    RETURNING event_id
    """
)


@dataclass(slots=True)
class Outcome:
    """What became of some messages, to be counted once it is committed."""

    handled: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    unknown: int = 0
    malformed: list[tuple[RawMessage, Exception]] = field(default_factory=list)


class Processor(Protocol):
    """The two kinds of subscription, as the consumer sees them."""

    durable: str
    stream: str
    groups: int
    batch: int
    batch_bytes: int | None
    gathering: float

    def subjects(self, group: int) -> tuple[str, ...]:
        """What a partition group reads."""

    async def apply(self, session: AsyncSession, messages: Sequence[RawMessage], now: datetime) -> Outcome:
        """Take messages into effect."""

    def divide(self, message: RawMessage) -> Sequence[RawMessage]:
        """The message in parts that can be taken one by one; itself, where there are none."""

    async def remember(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Note a message as done without an effect."""

    async def repeat(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Take a message into effect that was put aside before."""


@dataclass(frozen=True, slots=True)
class _Item:
    route: Route
    delivery: Delivery
    traceparent: str | None


class EventProcessor:
    """Events: each once, by the inbox, and in the order of the stream."""

    batch_bytes: int | None = None
    gathering: float = 0.0

    def __init__(self, subscription: Subscription, batch: int) -> None:
        self.durable = subscription.durable
        self.stream = stream_of(subscription.entity).name
        self.groups = subscription.groups
        self.batch = batch
        self._entity = subscription.entity
        self._routes = subscription.routes
        found = {event_type.event_name for route in subscription.handlers for event_type in route.event_types}
        self._names = tuple(sorted(found))

    def subjects(self, group: int) -> tuple[str, ...]:
        """The events that there are handlers for, of all partitions or of the group's; others stay on the broker."""
        partitions = None if self.groups == 1 else tuple(range(group, PARTITIONS, self.groups))
        return subjects_of(self._entity, partitions, self._names)

    async def apply(self, session: AsyncSession, messages: Sequence[RawMessage], now: datetime) -> Outcome:
        """Register the events in the inbox and hand the new ones over."""
        outcome, items = Outcome(), list[_Item]()
        for message in messages:
            try:
                item = self._read(message, now, outcome)
            except (MalformedEnvelope, ValidationError) as error:
                outcome.malformed.append((message, error))
            else:
                if item is not None:
                    items.append(item)
        fresh = await self._register(session, [item.delivery.meta.event_id for item in items], now)
        new = [item for item in items if _first(fresh, item.delivery.meta.event_id)]
        outcome.duplicates = len(items) - len(new)
        for _, run in groupby(new, key=lambda item: id(item.route)):
            await self._hand_over(session, list(run))
        outcome.handled.update(item.delivery.meta.type for item in new)
        return outcome

    def divide(self, message: RawMessage) -> Sequence[RawMessage]:
        """An event is one."""
        return [message]

    async def remember(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Enter the event in the inbox."""
        try:
            found = envelope.parse(message.headers)
        except MalformedEnvelope:
            return
        await self._register(session, [found.id], now)

    async def repeat(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Hand an event over whatever the inbox says."""
        item = self._read(message, now, Outcome())
        if item is not None:
            await self._hand_over(session, [item])

    def _read(self, message: RawMessage, now: datetime, outcome: Outcome) -> _Item | None:
        found = envelope.parse(message.headers)
        route = self._routes.get(found.type)
        if route is None:
            outcome.unknown += find(found.type) is None
            return None
        event = envelope.decode(found, message.data)
        return _Item(route, Delivery(event, _meta(found, now)), found.traceparent)

    async def _register(self, session: AsyncSession, ids: Sequence[UUID], now: datetime) -> set[UUID]:
        if not ids:
            return set()
        rows = await session.execute(_REGISTER, {"consumer": self.durable, "ids": list(ids), "now": now})
        return set(rows.scalars())

    async def _hand_over(self, session: AsyncSession, items: Sequence[_Item]) -> None:
        """Call the handler of a run of items that have the same."""
        route = items[0].route
        if route.many is not None:
            with consumer_span(f"{self.durable} process", _traces(items)):
                await route.many(session, [item.delivery for item in items])
            return
        assert route.one is not None
        for item in items:
            meta = item.delivery.meta
            with (
                consumer_span(f"{self.durable} process", _traces([item])),
                structlog.contextvars.bound_contextvars(event_id=str(meta.event_id), event_type=meta.type),
            ):
                await route.one(session, item.delivery.event, meta)


class RawProcessor:
    """Raw messages: the handler has them all, and tells duplicates apart itself."""

    groups = 1

    def __init__(self, subscription: RawSubscription) -> None:
        self.durable = subscription.durable
        self.stream = subscription.stream
        self.batch = subscription.max_messages
        self.batch_bytes: int | None = subscription.max_bytes
        self.gathering = subscription.gathering
        self._subject = subscription.subject
        self._handler = subscription.handler
        self._divide = subscription.divide or (lambda body: [body])

    def subjects(self, group: int) -> tuple[str, ...]:  # noqa: ARG002  (there is only one)
        """What the subscription says."""
        return (self._subject,)

    async def apply(
        self,
        session: AsyncSession,
        messages: Sequence[RawMessage],
        now: datetime,  # noqa: ARG002  (raw handlers take the time from the messages)
    ) -> Outcome:
        """Hand the messages over."""
        traces = [trace for message in messages if (trace := message.headers.get("traceparent"))]
        with consumer_span(f"{self.durable} process", traces):
            await self._handler(session, messages)
        return Outcome(handled=Counter({"raw": len(messages)}))

    def divide(self, message: RawMessage) -> Sequence[RawMessage]:
        """As the subscription divides it."""
        return [replace(message, data=part) for part in self._divide(message.data)]

    async def remember(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Nothing: raw messages have no inbox."""

    async def repeat(self, session: AsyncSession, message: RawMessage, now: datetime) -> None:
        """Hand the message over again."""
        await self.apply(session, [message], now)


def processor_of(subscription: Subscription | RawSubscription, batch: int) -> Processor:
    """Return what takes the messages of a subscription."""
    if isinstance(subscription, RawSubscription):
        return RawProcessor(subscription)
    return EventProcessor(subscription, batch)


def _meta(found: Envelope, now: datetime) -> Meta:
    return Meta(event_id=found.id, type=found.type, time=found.time, now=now, subject=found.subject)


def _first(fresh: set[UUID], event_id: UUID) -> bool:
    """Whether the event is new, at its first appearance."""
    if event_id not in fresh:
        return False
    fresh.discard(event_id)
    return True


def _traces(items: Iterable[_Item]) -> list[str]:
    return [item.traceparent for item in items if item.traceparent]

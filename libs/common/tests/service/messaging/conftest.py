"""Consumers to test, and faults for their handlers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from careloop_common.errors import DomainError, Kind
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.subscription import Meta, Subscription, on
from careloop_common.plumbing import consumer_position, dead_letter, inbox
from careloop_common.runtime import Runtime
from careloop_contracts import TicketReopenedV1
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


class Trouble:
    """Errors that the handler raises: `trouble.at(aggregate, number)` has a list of them, one for each attempt."""

    def __init__(self) -> None:
        self._errors: dict[tuple[UUID, int], list[Exception]] = {}
        self.attempts: list[tuple[UUID, int]] = []

    def at(self, aggregate: UUID, number: int, *errors: Exception) -> None:
        self._errors[aggregate, number] = list(errors)

    def raise_next(self, aggregate: UUID, number: int) -> None:
        self.attempts.append((aggregate, number))
        if errors := self._errors.get((aggregate, number)):
            raise errors.pop(0)


@pytest.fixture
def trouble() -> Trouble:
    return Trouble()


@pytest.fixture
def subscription(effects: Any, trouble: Trouble) -> Subscription:
    async def handle(session: AsyncSession, event: TicketReopenedV1, meta: Meta) -> None:
        await effects.handle(session, event, meta)
        trouble.raise_next(event.ticket_id, int(event.reason))

    return Subscription("ticket", "effects", [on(TicketReopenedV1, handle)])


@pytest.fixture
def consumer(runtime: Runtime[Any], subscription: Subscription) -> Consumer:
    return Consumer(runtime, subscription)


@pytest.fixture
def fault() -> Callable[[Kind], DomainError]:
    """`fault(Kind.INVALID)`: a domain error of this kind."""

    def make(kind: Kind) -> DomainError:
        return type("Fault", (DomainError,), {"kind": kind, "code": "fault", "title": "Fault"})()

    return make


@pytest.fixture
def letters(runtime: Runtime[Any]) -> Callable[[], Any]:
    """`await letters()`: every dead letter, as rows."""

    async def read() -> list[Any]:
        async with runtime.database.transaction() as session:
            return list(await session.execute(select(dead_letter).order_by(dead_letter.c.id)))

    return read


@pytest.fixture
def inbox_size(runtime: Runtime[Any]) -> Callable[[], Any]:
    async def read() -> int:
        async with runtime.database.transaction() as session:
            return (await session.execute(select(func.count()).select_from(inbox))).scalar_one()

    return read


@pytest.fixture
def sequence(runtime: Runtime[Any]) -> Callable[[], Any]:
    """`await sequence()`: the stream sequence up to which the consumer is done."""

    async def read() -> int:
        async with runtime.database.transaction() as session:
            return (await session.execute(select(func.max(consumer_position.c.sequence)))).scalar_one() or 0

    return read

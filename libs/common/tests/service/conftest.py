"""A service with nothing but plumbing and one table to see effects in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from careloop_common import clock, outbox
from careloop_common.database import asyncpg_url, service_metadata
from careloop_common.messaging.subscription import Meta
from careloop_common.runtime import Runtime
from careloop_common.service import Service
from careloop_common.settings import ServiceSettings, settings_config
from careloop_contracts import TicketReopenedV1
from fastapi import FastAPI
from sqlalchemy import BigInteger, Column, Identity, Integer, Table, Uuid, insert, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

METADATA = service_metadata()
EFFECTS = Table(
    "effect",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("aggregate", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
)


class PlumbingSettings(ServiceSettings):
    model_config = settings_config("PLUMBING_")


class PlumbingService(Service[PlumbingSettings]):
    """A service without migrations: its tables are made from their metadata."""

    def migrate(self, url: str) -> None:
        async def create() -> None:
            engine = create_async_engine(asyncpg_url(url))
            async with engine.begin() as connection:
                await connection.run_sync(METADATA.create_all)
            await engine.dispose()

        asyncio.run(create())


@pytest.fixture(scope="session")
def service_under_test() -> PlumbingService:
    return PlumbingService(
        name="plumbing",
        package="careloop_common",
        settings=PlumbingSettings,
        create_app=lambda runtime: FastAPI(),
    )


class Effects:
    """What handlers did: one row for each event, in the order in which they did it."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self._runtime = runtime

    async def handle(self, session: AsyncSession, event: TicketReopenedV1, meta: Meta) -> None:
        """A handler: the event's reason is its number."""
        await session.execute(insert(EFFECTS).values(aggregate=event.ticket_id, number=int(event.reason)))

    async def all(self) -> list[tuple[UUID, int]]:
        """Every committed effect."""
        query = select(EFFECTS.c.aggregate, EFFECTS.c.number).order_by(EFFECTS.c.id)
        async with self._runtime.database.transaction() as session:
            return [(row.aggregate, row.number) for row in await session.execute(query)]

    async def of(self, aggregate: UUID) -> list[int]:
        """The effects of one aggregate."""
        return [number for owner, number in await self.all() if owner == aggregate]


@pytest.fixture
def effects(runtime: Runtime[Any]) -> Effects:
    return Effects(runtime)


@pytest.fixture
def numbered() -> Callable[[UUID, int], TicketReopenedV1]:
    """`numbered(aggregate, n)`: the n-th event of an aggregate."""

    def make(aggregate: UUID, number: int) -> TicketReopenedV1:
        return TicketReopenedV1(ticket_id=aggregate, reason=str(number), reopened_at=clock.now())

    return make


@pytest.fixture
def write(
    runtime: Runtime[Any], numbered: Callable[[UUID, int], TicketReopenedV1]
) -> Callable[[UUID, Sequence[int]], Awaitable[list[UUID]]]:
    """`await write(aggregate, numbers)`: commits these events of an aggregate to the outbox."""

    async def commit(aggregate: UUID, numbers: Sequence[int]) -> list[UUID]:
        async with runtime.database.transaction() as session:
            return [outbox.add(session, numbered(aggregate, number)) for number in numbers]

    return commit


@pytest.fixture
def running() -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """`async with running(relay):` its `run()` goes on inside the block; should it break, so does the test."""

    @asynccontextmanager
    async def run(*parts: Any) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(part.run()) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    return run

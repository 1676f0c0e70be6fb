"""Who does what only one may do: session advisory locks of PostgreSQL, all of a process on one connection.

A lock says who should be working, not who is: a leader that lost its connection may still be in the middle of
something. Whoever needs more compares and sets in its own transaction, as the consumers do with their position.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from careloop_common.database import Database

log = structlog.get_logger()

T = TypeVar("T")

RETRY_SECONDS: Final = 0.5
"""How often a follower asks for the lock: how long a take-over takes."""

CONFIRM_SECONDS: Final = 1.0
"""How old a leader's certainty may get."""

_ANSWER_SECONDS: Final = 5.0
_TROUBLE = (SQLAlchemyError, OSError, TimeoutError)


class Lease:
    """The right to lead, for as long as the connection that holds it lives."""

    def __init__(self, leadership: "Leadership", name: str) -> None:
        self._leadership = leadership
        self.name = name

    async def confirm(self) -> bool:
        """Tell whether the lead is still held; asks the server when the last answer is a second old."""
        return await self._leadership.confirm(self)


class Leadership:
    """The locks of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._driver: asyncpg.Connection | None = None
        self._guard = asyncio.Lock()
        self._held: dict[str, Lease] = {}
        self._confirmed_at = 0.0

    @asynccontextmanager
    async def lead(self, name: str) -> AsyncIterator[Lease]:
        """Wait for the lead of `name` and hold it within the block."""
        lease = Lease(self, name)
        try:
            while not await _undisturbed(self._acquire(lease)):  # noqa: ASYNC110  (the lock is in the database)
                await asyncio.sleep(RETRY_SECONDS)
            log.info("leadership.taken", lead=name)
            yield lease
        finally:
            await _undisturbed(self._release(lease))

    @asynccontextmanager
    async def attempt(self, name: str) -> AsyncIterator[bool]:
        """Hold the lead of `name` within the block if nobody has it now; tells whether."""
        lease = Lease(self, name)
        try:
            yield await _undisturbed(self._acquire(lease))
        finally:
            await _undisturbed(self._release(lease))

    async def confirm(self, lease: Lease) -> bool:
        """Tell whether a lease is still held."""
        if self._held.get(lease.name) is not lease:
            return False
        if time.monotonic() - self._confirmed_at < CONFIRM_SECONDS:
            return True
        return await _undisturbed(self._ask(lease))

    async def close(self) -> None:
        """Give everything up."""
        async with self._guard:
            await self._abandon(None)

    async def _acquire(self, lease: Lease) -> bool:
        async with self._guard:
            if lease.name in self._held:  # a session gets its own lock as often as it asks
                return False
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    connection = await self._connect()
                    won = await connection.scalar(select(func.pg_try_advisory_lock(_number(lease.name))))
            except _TROUBLE as error:
                await self._abandon(error)
                return False
            if won:
                self._held[lease.name] = lease
            return bool(won)

    async def _ask(self, lease: Lease) -> bool:
        async with self._guard:
            if self._connection is None or self._held.get(lease.name) is not lease:
                return False
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._connection.execute(text("select 1"))
            except _TROUBLE as error:
                await self._abandon(error)
                return False
            self._confirmed_at = time.monotonic()
            return True

    async def _release(self, lease: Lease) -> None:
        async with self._guard:
            if self._connection is None or self._held.get(lease.name) is not lease:
                return
            del self._held[lease.name]
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._connection.execute(select(func.pg_advisory_unlock(_number(lease.name))))
            except _TROUBLE as error:
                await self._abandon(error)

    async def _connect(self) -> AsyncConnection:
        """The one connection, out of the pool's count; keep-alives show a host that vanished within seconds."""
        if self._connection is None:
            self._connection = connection = await self._database.engine.connect()
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            self._driver = (await connection.get_raw_connection()).driver_connection
            await connection.run_sync(lambda plain: plain.detach())
            for setting in ("tcp_keepalives_idle=5", "tcp_keepalives_interval=2", "tcp_keepalives_count=3"):
                await connection.execute(text(f"set {setting}"))
            self._confirmed_at = time.monotonic()
        return self._connection

    async def _abandon(self, error: BaseException | None) -> None:
        """Drop the connection, and with it every lock; the server releases them when it sees the end of it."""
        connection, self._connection = self._connection, None
        driver, self._driver = self._driver, None
        if error is not None:
            log.warning("leadership.lost", names=sorted(self._held), error=f"{type(error).__name__}: {error}")
        self._held.clear()
        if connection is not None:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await connection.close()
            except _TROUBLE:
                log.debug("leadership.close_failed")
        if driver is not None:
            driver.terminate()  # a detached connection whose statement was cut short is forgotten, but left open


async def _undisturbed(work: Coroutine[Any, Any, T]) -> T:
    """Finish `work` though the caller is cancelled: a statement cut short would cost the connection and its locks."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"lead {name}".encode()).digest()[:8], signed=True)

"""The consumer: reads a stream in order and takes each message into effect exactly once.

Its position is a row that moves in the transaction of the effects, so no acknowledgement can get lost between the
broker and the database, and nothing comes back behind what is newer. One process leads each partition group.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import clock
from careloop_common.failures import is_transient
from careloop_common.leadership import Lease
from careloop_common.messaging import dead_letters, disposition, isolation, metrics, position
from careloop_common.messaging.locate import locate
from careloop_common.messaging.position import Fenced, Position
from careloop_common.messaging.processing import Outcome, Processor, processor_of
from careloop_common.messaging.reader import Reader, ReaderLost
from careloop_common.messaging.subscription import AlreadyApplied, RawMessage, RawSubscription, Subscription
from careloop_common.runtime import Runtime

log = structlog.get_logger()


LONGEST_REST: Final = 0.05
"""Seconds that a consumer lets messages gather at most."""


class LeadLost(Exception):
    """Another process may lead by now."""


class Consumer:
    """Runs a subscription until it is cancelled."""

    def __init__(self, runtime: Runtime[Any], subscription: Subscription | RawSubscription) -> None:
        self._runtime = runtime
        self._processor = processor_of(subscription, runtime.settings.consumer_batch)

    async def run(self) -> None:
        """Work for ever; a lost database or broker is waited for."""
        with structlog.contextvars.bound_contextvars(consumer=self._processor.durable):
            async with asyncio.TaskGroup() as tasks:
                for group in range(self._processor.groups):
                    follower = _GroupConsumer(self._runtime, self._processor, group)
                    tasks.create_task(follower.run(), name=f"consumer {self._processor.durable} {group}")


class _GroupConsumer:
    """One partition group of a subscription."""

    def __init__(self, runtime: Runtime[Any], processor: Processor, group: int) -> None:
        self._runtime = runtime
        self._processor = processor
        self._group = group
        groups = processor.groups
        self._name = processor.durable if groups == 1 else f"{processor.durable}/{groups}"
        self._position: Position | None = None
        self._stored: Position | None = None

    async def run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._runtime.bus.ready()
                async with self._runtime.leadership.lead(f"consumer {self._name} {self._group}") as lease:
                    await self._follow(lease)
            except (ReaderLost, Fenced, LeadLost) as interruption:
                log.info("consumer.interrupted", group=self._group, reason=str(interruption))
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("consumer.interrupted", group=self._group, reason=str(error))
            failures = failures + 1 if time.monotonic() - began < 10 else 1
            await asyncio.sleep(min(5.0, 0.05 * 2 ** min(failures, 7)))

    async def _follow(self, lease: Lease) -> None:
        """Read on from the stored position for as long as the lead is held."""
        async with self._runtime.database.transaction() as session:
            self._stored = await position.load(session, self._name, self._group)
        self._position = await locate(
            self._runtime.bus,
            self._stored,
            consumer=self._name,
            group=self._group,
            stream=self._processor.stream,
        )
        reader = Reader(self._runtime.bus, self._processor.stream, window=2 * self._processor.batch)
        try:
            await reader.open(self._processor.subjects(self._group), after=self._position.sequence)
            while await lease.confirm():
                messages = await reader.read(self._processor.batch, self._processor.batch_bytes)
                began = time.monotonic()
                if messages:
                    await self._take(messages, lease)
                    if reader.lag < self._processor.batch:
                        took = time.monotonic() - began
                        await asyncio.sleep(min(LONGEST_REST, took * self._processor.gathering))
                metrics.LAG.labels(self._processor.durable, str(self._group)).set(reader.lag)
        finally:
            with contextlib.suppress(KeyError):
                metrics.LAG.remove(self._processor.durable, str(self._group))
            await reader.close()

    async def _take(self, messages: Sequence[RawMessage], lease: Lease) -> None:
        """Commit the messages together, or, should one of them fail, one after the other."""
        if len(messages) > 1:
            try:
                await self._commit(messages)
            except Fenced:
                raise
            except Exception as error:  # noqa: BLE001  (its handler's trouble is told message by message)
                log.info("consumer.batch_failed", messages=len(messages), error=type(error).__name__)
            else:
                return
        for message in messages:
            await self._take_one(message, lease)

    async def _take_one(self, message: RawMessage, lease: Lease) -> None:
        """Try until the message took effect or was put aside; those behind it wait."""
        attempt = 0
        while True:
            try:
                return await self._commit([message])
            except Fenced:
                raise
            except AlreadyApplied:
                return await self._pass_over(message)
            except Exception as error:  # noqa: BLE001  (the disposition knows what to do with each)
                attempt += 1
                decision = disposition.of(error, attempt)
                if decision.retry_after is None:
                    return await self._put_aside(message, error, decision.reason, attempt)
                self._tell_retry(message, error, attempt)
                await asyncio.sleep(decision.retry_after)
            if not await lease.confirm():
                raise LeadLost("while retrying")

    async def _commit(self, messages: Sequence[RawMessage]) -> None:
        """One transaction: effects, inbox, position."""
        began, now = time.perf_counter(), clock.now()
        async with self._moving_behind(messages[-1]) as session:
            outcome = await self._processor.apply(session, messages, now)
            for message, error in outcome.malformed:
                await self._bury(session, message, error, "malformed", attempts=1, now=now)
        metrics.SECONDS.labels(self._processor.durable).observe(time.perf_counter() - began)
        await self._tell(outcome)

    async def _pass_over(self, message: RawMessage) -> None:
        """Go on without the effect of the message, which is there already."""
        async with self._moving_behind(message) as session:
            await self._processor.remember(session, message, clock.now())

    async def _put_aside(self, message: RawMessage, error: Exception, reason: str, attempts: int) -> None:
        """Keep what cannot be taken of the message as dead letters, and take the rest."""
        now = clock.now()
        bad, good = await self._divide(message, now)
        async with self._moving_behind(message) as session:
            if good:
                await self._processor.apply(session, good, now)
            await self._processor.remember(session, message, now)
            for part in bad:
                await self._bury(session, part, error, reason, attempts=attempts, now=now)
        for part in bad:
            await self._tell_dead(part, error, reason)

    @contextlib.asynccontextmanager
    async def _moving_behind(self, message: RawMessage) -> AsyncIterator[AsyncSession]:
        """A transaction with which the position moves behind the message."""
        assert self._position is not None
        after = self._position.after(message)
        async with self._runtime.database.transaction() as session:
            yield session
            await position.store(session, self._stored, after)
        self._stored = self._position = after

    async def _bury(
        self,
        session: AsyncSession,
        message: RawMessage,
        error: Exception,
        reason: str,
        *,
        attempts: int,
        now: datetime,
    ) -> None:
        await dead_letters.put(
            session,
            durable=self._processor.durable,
            message=message,
            error=error,
            reason=reason,
            attempts=attempts,
            now=now,
        )

    async def _divide(
        self, message: RawMessage, now: datetime
    ) -> tuple[Sequence[RawMessage], Sequence[RawMessage]]:
        """What of the message cannot be taken, and the rest. If no part fails alone, all of it stays together."""
        parts = self._processor.divide(message)
        if len(parts) < 2:
            return [message], []
        bad = await isolation.hopeless(self._runtime.database, self._processor, parts, now)
        refused = {id(part) for part in bad}
        return (bad, [part for part in parts if id(part) not in refused]) if bad else ([message], [])

    async def _tell(self, outcome: Outcome) -> None:
        durable = self._processor.durable
        for event_type, count in outcome.handled.items():
            metrics.HANDLED.labels(durable, event_type).inc(count)
        if outcome.duplicates:
            metrics.DUPLICATES.labels(durable).inc(outcome.duplicates)
        if outcome.unknown:
            metrics.SKIPPED.labels(durable).inc(outcome.unknown)
        for message, error in outcome.malformed:
            await self._tell_dead(message, error, "malformed")

    async def _tell_dead(self, message: RawMessage, error: Exception, reason: str) -> None:
        durable = self._processor.durable
        metrics.DEAD.labels(durable, reason).inc()
        log.error(
            "consumer.dead_letter",
            reason=reason,
            sequence=message.sequence,
            exc_info=error if reason == "unexpected" else None,
        )
        await dead_letters.publish_copy(
            self._runtime.bus, service=self._runtime.service, durable=durable, message=message, reason=reason
        )

    def _tell_retry(self, message: RawMessage, error: Exception, attempt: int) -> None:
        metrics.RETRIES.labels(self._processor.durable).inc()
        if attempt & (attempt - 1) == 0:  # the first, second, fourth, eighth …
            log.warning(
                "consumer.retrying",
                sequence=message.sequence,
                attempt=attempt,
                error=f"{type(error).__name__}: {error}",
            )

"""The relay: publishes what transactions left in the outbox, in order, until the broker has it.

One leader per partition group. An event goes out when the broker acknowledged the one before it of the same aggregate, so a
message that fails holds back those behind it and no others. Acknowledged rows move to `outbox_sent`, from where `resend` can
bring them back for a day. While one batch goes out, the one before is archived and the one behind is read.

Ids commit out of order, so a batch is not what lies behind the last one but the first rows that are not under way. That keeps
the order of an aggregate: who writes of it holds its lock until the commit, so whoever sees one of its events sees all before.
Those are in the batch that goes out, which is done before the next begins, or before it in its own. Of a batch in which a
message failed nothing is under way any more, so that what was read behind it is read again.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from careloop_contracts.streams import stream_of
from sqlalchemy import BigInteger, Row, all_, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from careloop_common import clock
from careloop_common.failures import is_transient
from careloop_common.leadership import Lease
from careloop_common.messaging import metrics
from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused, BrokerUnavailable
from careloop_common.plumbing import outbox
from careloop_common.runtime import Runtime

log = structlog.get_logger()

Trouble = BrokerRefused | BrokerUnavailable

BATCH: Final = 500
WINDOW: Final = 256
"""Unacknowledged messages at a time."""

_GAUGE_SECONDS: Final = 2.0
_PATIENCE: Final = 1.0
_EXPECTED_STREAM: Final = "Nats-Expected-Stream"
_COLUMNS = "id, event_id, partition, subject, headers, payload, created_at"

_ARCHIVE = text(
    f"""
    WITH moved AS (DELETE FROM outbox WHERE id = ANY(:ids) RETURNING {_COLUMNS})
    INSERT INTO outbox_sent ({_COLUMNS}, sent_at) SELECT {_COLUMNS}, now() FROM moved
    ON CONFLICT (id) DO NOTHING
    """  # noqa: S608
)
_RESEND = text(
    f"""
    WITH moved AS (DELETE FROM outbox_sent WHERE sent_at >= :since AND sent_at < :until RETURNING {_COLUMNS})
    INSERT INTO outbox ({_COLUMNS}) SELECT {_COLUMNS} FROM moved
    """  # noqa: S608
)


class Relay:
    """Moves events from this service's outbox to the broker until it is cancelled."""

    def __init__(self, runtime: Runtime[Any]) -> None:
        self._runtime = runtime
        self._engine = runtime.database.engine
        self._groups = runtime.settings.relay_groups
        self._measured_at = 0.0

    async def run(self) -> None:
        """Work for ever; a lost database or broker is waited for."""
        async with asyncio.TaskGroup() as tasks:
            for group in range(self._groups):
                tasks.create_task(self._attend(group), name=f"relay {group}")

    async def _attend(self, group: int) -> None:
        failures = 0
        while True:
            try:
                async with self._runtime.leadership.lead(f"relay {group}/{self._groups}") as lease:
                    while await lease.confirm():
                        blocked = await self._turn(group, lease)
                        failures = failures + 1 if blocked else 0
                        if blocked:
                            await asyncio.sleep(_backoff(failures))
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                log.warning("relay.interrupted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_backoff(failures))

    async def _give_way(self) -> None:
        """What is due comes before what is to be told: in a storm of timers, publish one batch a second."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._runtime.timers_calm.wait()

    async def _turn(self, group: int, lease: Lease) -> bool:
        """Publish what waits, or wait for something to do; returns whether the broker stood in the way."""
        if not self._runtime.bus.connected:
            await self._look(group)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._runtime.bus.ready()
            return False
        self._runtime.relay_wake.clear()
        if await self._drain(group, lease):
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._runtime.settings.relay_poll_seconds):
                await self._runtime.relay_wake.wait()
        return False

    async def _drain(self, group: int, lease: Lease) -> bool:
        """Publish batch after batch until one is not full; returns whether the broker stood in the way."""
        sent: list[int] = []
        trouble: Trouble | None = None
        rows = await self._waiting(group)
        while rows and trouble is None and await lease.confirm():
            await self._look(group)
            await self._give_way()
            ahead: asyncio.Task[Sequence[Row[Any]]] | None = None
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._archive(sent))
                if len(rows) == BATCH:
                    ahead = tasks.create_task(self._waiting(group, [*sent, *(row.id for row in rows)]))
                sent, trouble = await _publish(self._runtime.bus, rows)
            if trouble is not None:
                log.warning("relay.blocked", error=trouble.detail, unsent=len(rows) - len(sent))
            rows = ahead.result() if ahead else ()
        await self._archive(sent)
        return trouble is not None

    async def _archive(self, sent: Sequence[int]) -> None:
        if sent:
            async with self._engine.begin() as connection:
                await connection.execute(_ARCHIVE, {"ids": sent})

    async def _waiting(self, group: int, under_way: Sequence[int] = ()) -> Sequence[Row[Any]]:
        query = select(outbox).order_by(outbox.c.id).limit(BATCH)
        if under_way:
            query = query.where(outbox.c.id != all_(cast(under_way, ARRAY(BigInteger))))
        if self._groups > 1:
            query = query.where(outbox.c.partition % self._groups == group)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def _look(self, group: int) -> None:
        """Set the gauges every two seconds; one of the groups does it for all."""
        now = time.monotonic()
        if group or now - self._measured_at < _GAUGE_SECONDS:
            return
        self._measured_at = now
        age = func.extract("epoch", func.now() - func.min(outbox.c.created_at))
        async with self._engine.connect() as connection:
            pending, oldest = (await connection.execute(select(func.count(), age).select_from(outbox))).one()
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_OLDEST.set(max(0.0, float(oldest or 0)))


async def _publish(bus: Bus, rows: Sequence[Row[Any]]) -> tuple[list[int], Trouble | None]:
    """Publish rows, those of an aggregate in turn; returns the ids that the broker has, and what was wrong if not all."""
    sent: list[int] = []
    troubles: list[Trouble] = []
    of: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        of[row.headers["ce-subject"]].append(row)
    aggregates = iter(of.values())

    async def lane() -> None:
        for theirs in aggregates:
            for row in theirs:
                if failure := await _publish_row(bus, row):
                    troubles.append(failure)
                    break
                sent.append(row.id)

    await asyncio.gather(*(lane() for _ in range(min(WINDOW, len(of)))))
    return sent, troubles[0] if troubles else None


async def _publish_row(bus: Bus, row: Row[Any]) -> Trouble | None:
    stream = stream_of(row.subject.split(".")[2]).name
    try:
        await bus.publish(row.subject, row.payload, row.headers | {_EXPECTED_STREAM: stream})
    except (BrokerRefused, BrokerUnavailable) as failure:
        return failure
    metrics.PUBLISHED.labels(stream).inc()
    return None


def _backoff(failures: int) -> float:
    return min(5.0, 0.1 * 2 ** min(failures, 6)) if failures else 0.0


async def resend(
    runtime: Runtime[Any],
    *,
    hours: float = 1.0,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Put events that were published in a span, by default the last hours, back into the outbox; returns how many.

    They keep their ids: what a stream still has is dropped by the broker or by the inboxes.
    """
    end = until or clock.now()
    span = {"since": since or end - timedelta(hours=hours), "until": end}
    async with runtime.database.engine.begin() as connection:
        result = await connection.execute(_RESEND, span)
    runtime.relay_wake.set()
    return int(result.rowcount)

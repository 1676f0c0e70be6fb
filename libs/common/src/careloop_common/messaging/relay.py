"""The relay: publishes what transactions left in the outbox, in order, until the broker has it.

One leader per partition group. Rows go out in waves: a wave holds at most one event of an aggregate, and the next
begins when the broker acknowledged this one, so a message that fails holds back those behind it and no others.
Acknowledged rows move to `outbox_sent`, from where `resend` can bring them back for a day.
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
from sqlalchemy import Row, func, select, text

from careloop_common import clock
from careloop_common.failures import is_transient
from careloop_common.messaging import metrics
from careloop_common.messaging.bus import Bus, Outgoing, PubAck
from careloop_common.messaging.errors import BrokerRefused, BrokerUnavailable
from careloop_common.plumbing import outbox
from careloop_common.runtime import Runtime

log = structlog.get_logger()

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
                        await self._give_way()
                        blocked = await self._turn(group)
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

    async def _turn(self, group: int) -> bool:
        """Publish one batch, or wait for something to do; returns whether the broker stood in the way."""
        if group == 0:
            await self._measure()
        if not self._runtime.bus.connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._runtime.bus.ready()
            return False
        self._runtime.relay_wake.clear()
        rows = await self._waiting(group)
        sent, trouble = await _publish(self._runtime.bus, rows)
        if sent:
            async with self._engine.begin() as connection:
                await connection.execute(_ARCHIVE, {"ids": sent})
        if trouble is not None:
            log.warning("relay.blocked", error=trouble.detail, unsent=len(rows) - len(sent))
            return True
        if len(rows) < BATCH:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._runtime.settings.relay_poll_seconds):
                    await self._runtime.relay_wake.wait()
        return False

    async def _waiting(self, group: int) -> Sequence[Row[Any]]:
        query = select(outbox).order_by(outbox.c.id).limit(BATCH)
        if self._groups > 1:
            query = query.where(outbox.c.partition % self._groups == group)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def _measure(self) -> None:
        """Set the gauges every two seconds."""
        now = time.monotonic()
        if now - self._measured_at < _GAUGE_SECONDS:
            return
        self._measured_at = now
        age = func.extract("epoch", func.now() - func.min(outbox.c.created_at))
        async with self._engine.connect() as connection:
            pending, oldest = (await connection.execute(select(func.count(), age).select_from(outbox))).one()
        metrics.OUTBOX_PENDING.set(pending)
        metrics.OUTBOX_OLDEST.set(max(0.0, float(oldest or 0)))


async def _publish(
    bus: Bus, rows: Sequence[Row[Any]]
) -> tuple[list[int], BrokerRefused | BrokerUnavailable | None]:
    """Publish rows wave by wave; returns the ids that the broker has, and what was wrong if not all."""
    sent: list[int] = []
    trouble: BrokerRefused | BrokerUnavailable | None = None
    held: set[str] = set()
    for wave in _waves(rows):
        going = [row for row in wave if row.headers["ce-subject"] not in held]
        for row, result in zip(going, await bus.publish_all(list(map(_outgoing, going))), strict=True):
            if isinstance(result, PubAck):
                sent.append(row.id)
                metrics.PUBLISHED.labels(result.stream).inc()
            else:
                held.add(row.headers["ce-subject"])
                trouble = result
        if not bus.connected:
            break
    return sent, trouble


def _outgoing(row: Row[Any]) -> Outgoing:
    stream = stream_of(row.subject.split(".")[2]).name
    return Outgoing(row.subject, row.payload, row.headers | {_EXPECTED_STREAM: stream})


def _waves(rows: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
    """Split rows so that no wave holds two events of one aggregate, nor more than may be under way at a time."""
    waves: list[list[Row[Any]]] = []
    seen: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        key = row.headers["ce-subject"]
        if seen[key] == len(waves):
            waves.append([])
        waves[seen[key]].append(row)
        seen[key] += 1
    return [wave[start : start + WINDOW] for wave in waves for start in range(0, len(wave), WINDOW)]


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

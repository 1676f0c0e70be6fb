"""From rows to the broker: grouped by lane, at most two hundred to a message, answered after its word."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256

from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused
from careloop_contracts import interaction, partition_of

from careloop_profile.interactions import policy, wire
from careloop_profile.interactions.errors import IntakeFull
from careloop_profile.interactions.policy import Row

ENVELOPE, ENVELOPE_CHARACTERS = 200, 200_000
"""Interactions per message: past this, bigger messages save no more. The broker takes 1 MiB at most."""
LANE = 4
"""Neighbouring partitions that share a message, on the subject of the first: the broker syncs every message to disk,
so a batch that is spread over all partitions would wait for sixteen of them."""
_STREAM_FULL = {10077, 10122}
"""JetStream: the stream's bytes or messages are used up."""


class Intake:
    """One per process. Batches go out at once; single interactions wait a moment for company."""

    def __init__(self, bus: Bus, *, window: int, flush_seconds: float) -> None:
        self._bus = bus
        self._window = asyncio.Semaphore(window)
        self._flush_seconds = flush_seconds
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._flushes: set[asyncio.Task[None]] = set()

    async def submit(self, rows: Sequence[Row], received_at: datetime) -> None:
        """Return once the broker has all of them; raise if it may not have some. Sending again is harmless."""
        sent = [self._publish(partition, group, received_at) for partition, group in _envelopes(rows)]
        for outcome in await asyncio.gather(*sent, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def submit_one(self, row: Row, received_at: datetime) -> None:
        """As `submit`, sharing the message with others that come within a moment."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if len(self._waiting) >= ENVELOPE:
            self._flush(received_at)
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(self._flush_seconds, self._flush, received_at)
        await done

    def _flush(self, received_at: datetime) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            task = asyncio.create_task(self._submit_waiting(waiting, received_at))
            self._flushes.add(task)
            task.add_done_callback(self._flushes.discard)

    async def _submit_waiting(
        self, waiting: list[tuple[Row, asyncio.Future[None]]], received_at: datetime
    ) -> None:
        failure: Exception | None = None
        try:
            await self.submit([row for row, _ in waiting], received_at)
        except Exception as error:  # noqa: BLE001  (it is handed to those who wait)
            failure = error
        for _, done in waiting:
            if done.cancelled():
                continue
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)

    async def _publish(self, partition: int, rows: Sequence[Row], received_at: datetime) -> None:
        body = wire.seal(rows, policy.microseconds(received_at))
        subject, kind = interaction.subject(partition), "careloop.interaction.envelope.v1"
        await self.publish(subject, kind, body, received_at, media="application/msgpack")

    async def publish(
        self, subject: str, kind: str, body: bytes, received_at: datetime, *, media: str = "application/json"
    ) -> None:
        """Return once the broker has the message."""
        digest = sha256(body).hexdigest()
        headers = {
            "Nats-Msg-Id": digest,
            "ce-specversion": "1.0",
            "ce-id": digest,
            "ce-type": kind,
            "ce-source": "/careloop/profile",
            "ce-time": received_at.isoformat(),
            "content-type": media,
        }
        async with self._window:
            try:
                await self._bus.publish(subject, body, headers)
            except BrokerRefused as refused:
                if refused.error in _STREAM_FULL:
                    raise IntakeFull("Interactions wait to be stored.", retry_after=5) from refused
                raise


def _envelopes(rows: Sequence[Row]) -> Iterator[tuple[int, Sequence[Row]]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        partition = partition_of(row.customer_id or row.blind_index)
        groups[partition - partition % LANE].append(row)
    for partition, group in groups.items():
        start = size = 0
        for end, row in enumerate(group):
            size += len(row.properties)
            if end - start >= ENVELOPE or (end > start and size > ENVELOPE_CHARACTERS):
                yield partition, group[start:end]
                start, size = end, len(row.properties)
        yield partition, group[start:]

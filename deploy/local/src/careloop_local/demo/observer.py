"""The events of the run, as any subscriber of `care.v1.>` receives them."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
from careloop_common import clock
from careloop_contracts import envelope
from nats.aio.msg import Msg

SUBJECTS = "care.v1.>"
PENDING_MESSAGES = 1 << 20
PENDING_BYTES = 1 << 30
# Whole customers come by the thousand, and nothing of them is read here: they are counted only.
COUNTED_ONLY = frozenset({"careloop.customer.registered.v1", "careloop.customer.updated.v1"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One event: what it says, when it says that it happened, and when it was here."""

    type: str
    data: dict[str, Any]
    time: datetime
    received_at: datetime


class Observer:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._events: dict[str, list[Seen]] = defaultdict(list)
        self._ids: set[str] = set()
        self.repeated = 0
        self.unreadable = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Observer"]:
        observer = cls()
        connection = await nats.connect(url, name="careloop-demo")
        try:
            await connection.subscribe(
                SUBJECTS,
                cb=observer._on_message,
                pending_msgs_limit=PENDING_MESSAGES,
                pending_bytes_limit=PENDING_BYTES,
            )
            # The client's PING overtakes the subscription, which is still to be written; the second one does not.
            await connection.flush()
            await connection.flush()
            yield observer
        finally:
            await connection.close()

    def of(self, name: str) -> list[Seen]:
        """Events by short name, `ticket.escalated`, in the order of their arrival."""
        return self._events[f"careloop.{name}.v1"]

    def count(self, name: str) -> int:
        return self.counts[f"careloop.{name}.v1"]

    async def _on_message(self, message: Msg) -> None:
        try:
            attributes = envelope.parse(message.headers)
        except envelope.MalformedEnvelope:
            self.unreadable += 1
            return
        if str(attributes.id) in self._ids:
            self.repeated += 1
            return
        self._ids.add(str(attributes.id))
        self.counts[attributes.type] += 1
        if attributes.type not in COUNTED_ONLY:
            data = json.loads(message.data)
            self._events[attributes.type].append(Seen(attributes.type, data, attributes.time, clock.now()))

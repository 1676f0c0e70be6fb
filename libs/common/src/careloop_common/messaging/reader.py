"""Reads a stream in order from a sequence on, with an ephemeral consumer that acknowledges nothing.

What was handled is known in PostgreSQL, so the broker needs to remember nothing: whenever anything is odd (a gap, no
heartbeat, the consumer gone, the server restarted) the reader is thrown away and a new one begins at the position.
"""

import asyncio
import contextlib
import json
from collections import deque
from typing import Any, Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as Inbox

from careloop_common import ids
from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused, BrokerUnavailable
from careloop_common.messaging.subscription import RawMessage

_SECOND: Final = 1_000_000_000
_EXPIRES: Final = 30 * _SECOND
_HEARTBEAT: Final = 1 * _SECOND
_SILENCE: Final = 3.5
"""Seconds without even a heartbeat after which the consumer is taken for lost."""
_INACTIVE: Final = 60 * _SECOND
_V1_TOKENS: Final = 9

_HEARTBEAT_STATUS: Final = "100"
_PULL_ENDED: Final = {"404", "408"}
"""No messages, request expired: anything else says that the consumer is gone."""


class ReaderLost(Exception):
    """The stream cannot be read on from here; open another reader at the stored position."""


class Reader:
    """An open reader."""

    def __init__(self, bus: Bus, stream: str, *, window: int) -> None:
        self._bus = bus
        self._stream = stream
        self._name = f"reader-{ids.new_id().hex}"
        self._window = window
        self._buffer: deque[RawMessage] = deque()
        self._asked = 0
        self._delivered = 0
        self._arrived = asyncio.Event()
        self._heard_at = 0.0
        self._fault = ""
        self._inbox: Inbox | None = None
        self._pending = 0

    async def open(self, subjects: tuple[str, ...], *, after: int) -> None:
        """Create the consumer on the broker and ask for the first messages."""
        loop = asyncio.get_running_loop()
        self._inbox = await self._bus.listen(self._receive)
        config: dict[str, Any] = {
            "name": self._name,
            "ack_policy": "none",
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": after + 1,
            "replay_policy": "instant",
            "filter_subjects": list(subjects),
            "inactive_threshold": _INACTIVE,
            "mem_storage": True,
            "num_replicas": 1,
        }
        body = {"stream_name": self._stream, "config": config, "action": "create"}
        created = await self._bus.api(f"CONSUMER.CREATE.{self._stream}.{self._name}", body)
        self._pending = int(created.get("num_pending", 0))
        self._heard_at = loop.time()
        await self._ask()

    async def close(self) -> None:
        """Stop listening. A consumer that cannot be deleted is forgotten by the broker after a minute."""
        if self._inbox is not None:
            await self._bus.leave(self._inbox)
        if self._bus.connected:
            with contextlib.suppress(BrokerRefused, BrokerUnavailable):
                await self._bus.api(f"CONSUMER.DELETE.{self._stream}.{self._name}", seconds=1)

    async def read(self, limit: int, max_bytes: int | None = None) -> list[RawMessage]:
        """Return what is there, at once if anything is, and nothing after a second of silence."""
        if not self._buffer:
            await self._wait()
        batch: list[RawMessage] = []
        size = 0
        while self._buffer and len(batch) < limit:
            size += len(self._buffer[0].data)
            if batch and max_bytes is not None and size > max_bytes:
                break
            batch.append(self._buffer.popleft())
        if not batch and self._fault:
            raise ReaderLost(self._fault)
        await self._ask()
        return batch

    async def _wait(self) -> None:
        if self._fault:
            return
        self._arrived.clear()
        waiting_since = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(_HEARTBEAT / _SECOND):
                await self._arrived.wait()
        except TimeoutError:
            if not self._bus.connected:
                self._fault = "disconnected"
            elif waiting_since - self._heard_at > _SILENCE:
                self._fault = "no heartbeat"

    async def _ask(self) -> None:
        """Keep up to a window of messages on their way, refilled when half of it is used."""
        wanted = self._window - self._asked - len(self._buffer)
        if self._fault or wanted < self._window / 2:
            return
        request = {"batch": wanted, "expires": _EXPIRES, "idle_heartbeat": _HEARTBEAT}
        self._asked += wanted
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        assert self._inbox is not None
        await self._bus.send(subject, json.dumps(request).encode(), reply=self._inbox.subject)

    async def _receive(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        headers = message.headers or {}
        if (status := headers.get("Status")) and not message.reply.startswith("$JS.ACK."):
            self._note_status(status, headers)
        else:
            self._take(message, headers)
        if self._buffer or self._fault or not self._asked:
            self._arrived.set()

    @property
    def lag(self) -> int:
        """How many messages of the stream were not returned yet."""
        return self._pending + len(self._buffer)

    def _note_status(self, status: str, headers: dict[str, str]) -> None:
        if status == _HEARTBEAT_STATUS:
            return
        description = headers.get("Description", "")
        if status not in _PULL_ENDED:
            self._fault = f"{status} {description}"
            return
        self._asked = max(0, self._asked - int(headers.get("Nats-Pending-Messages", self._asked)))

    def _take(self, message: Msg, headers: dict[str, str]) -> None:
        """Buffer a message if it is the next one of this consumer."""
        if self._fault:
            return
        tokens = message.reply.split(".")
        first = 4 if len(tokens) == _V1_TOKENS else 6
        sequence, delivered, nanos, pending = (int(token) for token in tokens[first + 1 : first + 5])
        if delivered != self._delivered + 1:
            self._fault = f"gap: {delivered} after {self._delivered}"
            return
        self._delivered = delivered
        self._asked = max(0, self._asked - 1)
        self._pending = pending
        self._buffer.append(RawMessage(self._stream, sequence, message.subject, headers, message.data, nanos))

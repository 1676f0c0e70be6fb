"""The connection to NATS JetStream: made in the background, kept for ever, closed to servers that are too old."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as Inbox

from careloop_common.cancellation import cancellation_kept
from careloop_common.errors import DomainError
from careloop_common.messaging import streams
from careloop_common.messaging.errors import BrokerRefused, BrokerTooOld, BrokerUnavailable

log = structlog.get_logger()

MINIMUM_VERSION: Final = (2, 12)
"""Older servers silently ignore settings that durability here rests on."""

_BROKEN = (nats.errors.Error, OSError)


Answer = Callable[[bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for a stream."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PubAck:
    """The broker's word that it has the message."""

    stream: str
    sequence: int
    duplicate: bool


class Bus:
    """One NATS connection per process, shared by everything in it."""

    def __init__(self, url: str, *, name: str, replicas: int = 1, pending_bytes: int = 8 << 20) -> None:
        self.url = url
        self.name = name
        self._replicas = replicas
        self._pending_bytes = pending_bytes
        self._client = Client()
        self._up = asyncio.Event()
        self._closed = asyncio.Event()
        self._fault: BrokerTooOld | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble = ""
        self._answers: dict[str, Answer] = {}

    @property
    def connected(self) -> bool:
        """Whether the broker, with all streams, can be talked to right now."""
        return self._up.is_set() and self._client.is_connected

    async def start(self) -> None:
        """Begin to connect; returns at once, whether or not a server is there."""
        self._tasks.append(asyncio.create_task(self._keep(), name="bus"))

    async def close(self) -> None:
        """Send what is pending and close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._up.clear()
        await self._shut()

    async def ready(self) -> None:
        """Wait until the broker is there and has the streams; raises BrokerTooOld if it never will be."""
        while not self.connected:
            if self._fault is not None:
                raise self._fault
            if self._up.is_set():  # and the client is just noticing that its server went away
                await asyncio.sleep(0.05)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.25):
                    await self._up.wait()

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None = None, *, seconds: float = 5.0
    ) -> PubAck:
        """Publish to a stream and wait for its acknowledgement."""
        return _acknowledged(await self._request(subject, payload, headers, seconds))

    async def publish_all(
        self, messages: Sequence[Outgoing], *, seconds: float = 5.0
    ) -> list[PubAck | BrokerRefused | BrokerUnavailable]:
        """Publish many at once; returns in their order what became of each.

        All are acknowledged in one inbox: a request for each would cost three times as much.
        """
        results: list[PubAck | BrokerRefused | BrokerUnavailable] = [
            BrokerUnavailable(f"{message.subject}: no answer") for message in messages
        ]
        left, all_in = len(messages), asyncio.Event()

        async def take(answer: Msg) -> None:
            nonlocal left
            place = int(answer.subject.rpartition(".")[2])
            try:
                results[place] = _acknowledged(_answered(answer, messages[place].subject))
            except BrokerRefused as refused:
                results[place] = refused
            left -= 1
            if not left:
                all_in.set()

        if not messages or not self._client.is_connected:
            return results
        inbox = await self.listen(take, many=True)
        try:
            for place, message in enumerate(messages):
                reply = inbox.subject.replace("*", str(place))
                await self._client.publish(message.subject, message.payload, reply, dict(message.headers))
            async with asyncio.timeout(seconds):
                await all_in.wait()
        except (*_BROKEN, TimeoutError) as broken:
            self._complain(broken)
        finally:
            await self.leave(inbox)
        return results

    async def api(self, subject: str, body: Mapping[str, Any] | None = None, *, seconds: float = 5.0) -> Any:
        """Call the JetStream API (`STREAM.INFO.CARE_DLQ`) and return its answer."""
        payload = b"" if body is None else json.dumps(body).encode()
        return await self._request(f"$JS.API.{subject}", payload, None, seconds)

    async def ask(self, subject: str, payload: bytes, *, seconds: float = 2.0) -> bytes:
        """Ask whoever answers there; nothing of it is kept anywhere."""
        if not self._client.is_connected:
            raise BrokerUnavailable("Not connected.")
        try:
            with cancellation_kept():
                return (await self._client.request(subject, payload, timeout=seconds)).data
        except (*_BROKEN, TimeoutError) as broken:
            raise BrokerUnavailable(f"{subject}: {_words(broken)}") from broken

    async def answer(self, subject: str, answer: Answer) -> None:
        """Answer who asks there, one of all who do, from now on and on every later connection."""
        known, self._answers[subject] = subject in self._answers, answer
        if not known and self._client.is_connected:
            await self._subscribe(self._client, subject)

    async def _subscribe(self, client: Client, subject: str) -> None:
        async def take(asked: Msg) -> None:
            try:
                await asked.respond(await self._answers[subject](asked.data))
            except Exception:
                log.exception("bus.not_answered", subject=subject)

        await client.subscribe(subject, queue=self.name, cb=take)

    async def send(self, subject: str, payload: bytes, *, reply: str) -> None:
        """Send a plain message whose answers go to an inbox made by `listen`."""
        try:
            await self._client.publish(subject, payload, reply=reply)
        except _BROKEN as broken:
            raise BrokerUnavailable(_words(broken)) from broken

    async def listen(self, callback: Callable[[Msg], Awaitable[None]], *, many: bool = False) -> Inbox:
        """Open a fresh inbox, of `many` addresses if wanted; `leave` ends it."""
        try:
            address = self._client.new_inbox() + ".*" * many
            return await self._client.subscribe(address, cb=callback)
        except _BROKEN as broken:
            raise BrokerUnavailable(_words(broken)) from broken

    async def leave(self, inbox: Inbox) -> None:
        """Close an inbox, also when the connection is down."""
        with contextlib.suppress(*_BROKEN):
            await inbox.unsubscribe()

    async def ensure_streams(self) -> None:
        """Create the streams that are missing."""
        await streams.ensure(self.api, replicas=self._replicas)

    async def _request(
        self, subject: str, payload: bytes, headers: Mapping[str, str] | None, seconds: float
    ) -> Any:
        if not self._client.is_connected:
            raise BrokerUnavailable("Not connected.")
        try:
            with cancellation_kept():
                answer = await self._client.request(
                    subject, payload, timeout=seconds, headers=dict(headers) if headers else None
                )
        except nats.errors.NoRespondersError as nobody:
            raise BrokerRefused(f"No stream takes {subject}.") from nobody
        except (*_BROKEN, TimeoutError) as broken:
            raise BrokerUnavailable(f"{subject}: {_words(broken)}") from broken
        return _answered(answer, subject)

    async def _keep(self) -> None:
        """Connect; the client then reconnects by itself, and is replaced should it ever close."""
        while self._fault is None:
            self._client, self._closed = Client(), asyncio.Event()
            try:
                await self._open(self._client)
                await self._arrive()
                await self._closed.wait()
            except Exception:
                log.exception("bus.failed")
            await self._shut()
            await asyncio.sleep(0.5)

    async def _open(self, client: Client) -> None:
        await client.connect(
            self.url,
            name=self.name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds; the client takes fractions
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            pending_size=self._pending_bytes,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._arrive,
            closed_cb=self._on_closed,
        )
        for subject in self._answers:
            await self._subscribe(client, subject)

    async def _shut(self) -> None:
        if not self._client.is_closed:
            with contextlib.suppress(*_BROKEN, TimeoutError):
                await self._client.close()

    async def _arrive(self) -> None:
        """Look at the server, on the first connection and on each later one; it may be another."""
        version = self._client.connected_server_version
        if (version.major, version.minor) < MINIMUM_VERSION:
            needed = ".".join(map(str, MINIMUM_VERSION))
            self._fault = BrokerTooOld(f"NATS server {version.major}.{version.minor} is older than {needed}.")
            log.error("bus.server_too_old", server=f"{version.major}.{version.minor}", needed=needed)
            self._closed.set()
            return
        for earlier in self._tasks[1:]:
            earlier.cancel()
        self._tasks[1:] = [asyncio.create_task(self._prepare(), name="bus streams")]

    async def _prepare(self) -> None:
        """See to the streams. A server that just started answers their API later than the protocol."""
        while self._client.is_connected:
            try:
                await self.ensure_streams()
            except DomainError as error:
                self._complain(error)
                await asyncio.sleep(0.1)
            else:
                self._trouble = ""
                self._up.set()
                log.info("bus.connected", server=str(self._client.connected_server_version))
                return

    async def _on_disconnected(self) -> None:
        if self._up.is_set():
            log.warning("bus.disconnected")
        self._up.clear()

    async def _on_closed(self) -> None:
        self._up.clear()
        self._closed.set()

    async def _on_error(self, error: Exception) -> None:
        self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Log what is wrong once, not at every attempt."""
        words = _words(error)
        if words != self._trouble:
            self._trouble = words
            log.warning("bus.trouble", error=words)


def _answered(answer: Msg, subject: str) -> Any:
    """What the broker says; `BrokerRefused` if that is no, or if nobody listens there."""
    if not answer.data:
        raise BrokerRefused(f"No stream takes {subject}.")
    body = json.loads(answer.data)
    if error := body.get("error"):
        raise BrokerRefused(str(error.get("description", "")), error=int(error.get("err_code", 0)))
    return body


def _acknowledged(body: Mapping[str, Any]) -> PubAck:
    return PubAck(
        stream=body["stream"], sequence=int(body["seq"]), duplicate=bool(body.get("duplicate", False))
    )


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__

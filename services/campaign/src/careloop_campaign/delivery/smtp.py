"""E-mail over SMTP: a small pool of connections, one message at a time on each.

SMTP cannot promise exactly once. What it can tell apart is *when* a connection broke: before the content was handed over
nothing was delivered and a retry is safe; after that nobody knows. The three phases have their own time limits, and all
of them together stay under the lease of a message, so that a live sender never overruns its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected
from careloop_common.cancellation import cancellation_kept

from careloop_campaign.delivery.mime import compose
from careloop_campaign.delivery.transport import Accepted, Answer, Envelope, Lost, Rejected, Unavailable

WAIT_SECONDS = 40.0
COMMAND_SECONDS = 20.0
CONTENT_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to deliver, from `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…` (TLS at once)."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("the SMTP URL must look like smtp://user:password@host:port or smtps://…")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587 if parts.username else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
        )


class SmtpTransport:
    def __init__(self, server: SmtpServer, *, sender: str, connections: int = 8) -> None:
        self._server = server
        self._sender = sender
        self._domain = sender.rpartition("@")[2]
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, envelope: Envelope) -> Answer:
        try:
            content = compose(envelope, sender=self._sender, domain=self._domain)
        except ValueError:
            return Rejected("bad_address")
        try:
            async with self._connection() as client:
                return await self._converse(client, envelope.address, content)
        except TimeoutError:
            return Unavailable("pool_busy")

    async def close(self) -> None:
        while self._idle:
            client = self._idle.pop()
            try:
                with cancellation_kept(), suppress(SMTPException, OSError, TimeoutError):
                    await client.quit(timeout=1)
            finally:
                client.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        async with asyncio.timeout(WAIT_SECONDS):
            await self._slots.acquire()
        client = self._idle.pop() if self._idle else self._client()
        try:
            yield client
        except BaseException:
            client.close()
            raise
        finally:
            if client.is_connected:
                self._idle.append(client)
            self._slots.release()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            timeout=COMMAND_SECONDS,
        )

    async def _converse(self, client: aiosmtplib.SMTP, address: str, content: bytes) -> Answer:
        if refusal := await self._address(client, address):
            return refusal
        try:
            async with asyncio.timeout(CONTENT_SECONDS):
                reply = await client.data(content, timeout=CONTENT_SECONDS)
        except SMTPResponseException as error:
            return await _refused(client, error)
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            return Lost(_name(error))
        return Accepted(f"smtp:{reply.code}")

    async def _address(self, client: aiosmtplib.SMTP, address: str) -> Answer | None:
        """Everything before the content: a failure here delivered nothing."""
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._open_envelope(client, address)
        except SMTPResponseException as error:
            return await _refused(client, error)
        except UnicodeEncodeError:
            client.close()
            return Rejected("bad_address")
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            client.close()
            return Unavailable(_name(error))
        return None

    async def _open_envelope(self, client: aiosmtplib.SMTP, address: str) -> None:
        if client.is_connected:
            try:
                await client.mail(self._sender)
            except (SMTPServerDisconnected, ConnectionError):
                client.close()  # the server dropped an idle connection; a fresh one is opened below
            else:
                await client.rcpt(address)
                return
        await client.connect()
        await client.mail(self._sender)
        await client.rcpt(address)


async def _refused(client: aiosmtplib.SMTP, error: SMTPResponseException) -> Answer:
    """4yz asks to come back, 5yz is final, anything else is no answer we can build on. Texts may quote addresses: dropped."""
    code = str(error.code)
    try:
        await client.rset(timeout=1)
    except (SMTPException, OSError, TimeoutError):
        client.close()
    if code.startswith("4"):
        return Unavailable(f"smtp_{code}")
    return Rejected(f"smtp_{code}") if code.startswith("5") else Lost(f"smtp_{code}")


def _name(error: BaseException) -> str:
    return "timeout" if isinstance(error, TimeoutError) else "connection_lost"

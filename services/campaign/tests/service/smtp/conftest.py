import asyncio
from dataclasses import dataclass, field

import pytest
from aiosmtpd.smtp import SMTP


@dataclass(frozen=True)
class Received:
    recipients: list[str]
    content: bytes


@dataclass
class MailServer:
    """A real SMTP server on a free port, which can be told to refuse, hang up, fall silent or stop."""

    received: list[Received] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    hang_up_at: str | None = None
    silent_at: str | None = None
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _open: list[asyncio.BaseTransport] = field(default_factory=list)
    _never: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        await self.drop_connections()
        await self._server.wait_closed()

    async def drop_connections(self):
        while self._open:
            self._open.pop().abort()
        await asyncio.sleep(0)

    def _protocol(self):
        self.connections += 1
        protocol = SMTP(self, hostname="mail.test", enable_SMTPUTF8=True)
        connection_made = protocol.connection_made

        def remember(transport):
            self._open.append(transport)
            connection_made(transport)

        protocol.connection_made = remember
        return protocol

    async def _stage(self, name, server):
        if self.hang_up_at == name:
            server.transport.abort()
        if self.silent_at == name:
            await self._never.wait()
        return self.answers.get(name)

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if answer := await self._stage("MAIL", server):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if answer := await self._stage("RCPT", server):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if "DATA" not in self.answers:
            self.received.append(Received(list(envelope.rcpt_tos), bytes(envelope.content)))
        return await self._stage("DATA", server) or "250 OK"


@pytest.fixture
async def mail_server():
    server = MailServer()
    await server.start()
    yield server
    await server.stop()

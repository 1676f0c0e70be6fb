"""Which transport carries which channel."""

from careloop_campaign.delivery.file_sink import FileTransport
from careloop_campaign.delivery.smtp import SmtpServer, SmtpTransport
from careloop_campaign.delivery.transport import Transport
from careloop_campaign.settings import Settings


class Transports:
    """E-mail goes over SMTP where a server is configured; everything else is handed over in files."""

    def __init__(self, default: Transport, by_channel: dict[str, Transport] | None = None) -> None:
        self._default = default
        self._by_channel = by_channel or {}

    @classmethod
    def from_settings(cls, settings: Settings) -> "Transports":
        by_channel: dict[str, Transport] = {}
        if settings.smtp_url is not None:
            server = SmtpServer.from_url(settings.smtp_url.get_secret_value())
            by_channel["email"] = SmtpTransport(
                server, sender=settings.sender_address, connections=settings.smtp_connections
            )
        return cls(FileTransport(settings.sink_directory), by_channel)

    def for_channel(self, channel: str) -> Transport:
        return self._by_channel.get(channel, self._default)

    async def close(self) -> None:
        for transport in (self._default, *self._by_channel.values()):
            await transport.close()

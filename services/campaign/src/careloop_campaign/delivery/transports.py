"""Which transport carries which channels."""

from dataclasses import dataclass

from careloop_campaign.delivery.file_sink import FileTransport
from careloop_campaign.delivery.smtp import SmtpServer, SmtpTransport
from careloop_campaign.delivery.transport import Transport
from careloop_campaign.settings import Settings

CHANNELS = ("email", "sms")


@dataclass(frozen=True, slots=True)
class Carrier:
    name: str
    transport: Transport
    channels: tuple[str, ...]
    batch: int
    """How many messages may be under way at once: what waits for a connection was checked a while ago."""


def carriers(settings: Settings) -> list[Carrier]:
    """E-mail goes over SMTP where a server is configured; everything else is handed over in files."""
    sink = FileTransport(settings.sink_directory)
    if settings.smtp_url is None:
        return [Carrier("files", sink, CHANNELS, settings.send_batch)]
    smtp = SmtpTransport(
        SmtpServer.from_url(settings.smtp_url.get_secret_value()),
        sender=settings.sender_address,
        connections=settings.smtp_connections,
    )
    return [
        Carrier("smtp", smtp, ("email",), min(settings.send_batch, 8 * settings.smtp_connections)),
        Carrier("files", sink, ("sms",), settings.send_batch),
    ]

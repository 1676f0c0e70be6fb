"""An envelope as an e-mail.

Made with the older classes of the standard library on purpose: the newer ones write a header that is longer than a line,
such as the unsubscribe link, as encoded words, which mail clients do not take for a link; and they take four times as long.
"""

import re
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime

from careloop_campaign.delivery.transport import Envelope

WIRE = compat32.clone(linesep="\r\n")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")


def compose(envelope: Envelope, *, sender: str, domain: str) -> bytes:
    """The mail as it goes over the wire; ValueError for an address that cannot be one.

    Its Message-ID is that of the ledger row, on every attempt.
    """
    if not ADDRESS.fullmatch(envelope.address):
        raise ValueError("not an address")
    message = MIMEMultipart("alternative", boundary=f"={envelope.message_id.hex}=")
    message["From"] = sender
    message["To"] = envelope.address
    message["Subject"] = Header(envelope.subject, "utf-8", header_name="Subject").encode()
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = envelope.language
    for name, value in envelope.headers.items():
        message[name] = value
    message.attach(MIMEText(_canonical(envelope.text), "plain", "utf-8"))
    message.attach(MIMEText(_canonical(envelope.html), "html", "utf-8"))
    return message.as_bytes(policy=WIRE)


def _canonical(text: str) -> str:
    """Lines end in CRLF before they are encoded (RFC 2045 §6.8)."""
    return "\r\n".join(text.splitlines())

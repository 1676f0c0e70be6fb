"""What an unsubscribe link says, and its written form. Signing is the caller's: the key does not come here."""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

Sign = Callable[[str], str]
SIGNATURE_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whom and what the link of one message unsubscribes."""

    customer_id: UUID
    message_id: UUID
    purpose: str
    channel: str


def write(ticket: Ticket, sign: Sign) -> str:
    """Short, since it becomes a mail header: ids in binary, half a SHA-256 of signature."""
    words = f"{ticket.purpose}.{ticket.channel}".encode()
    raw = ticket.customer_id.bytes + ticket.message_id.bytes + words
    payload = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return f"{payload}.{sign(payload)[:SIGNATURE_LENGTH]}"


def read(token: str, sign: Sign) -> Ticket | None:
    """The ticket, or None for anything that `write` did not write under the same key."""
    payload, _, signature = token.partition(".")
    expected = sign(payload)[:SIGNATURE_LENGTH]
    if not token.isascii() or not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    try:
        raw = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
        purpose, channel = raw[32:].decode().split(".")
        return Ticket(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), purpose, channel)
    except ValueError:
        return None

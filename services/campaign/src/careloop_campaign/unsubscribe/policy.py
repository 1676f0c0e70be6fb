"""What an unsubscribe link says, and its written form. Signing is the caller's: the key does not come here."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

Sign = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whom and what the link of one message unsubscribes."""

    customer_id: UUID
    message_id: UUID
    purpose: str
    channel: str


def write(ticket: Ticket, sign: Sign) -> str:
    raw = json.dumps([str(ticket.customer_id), str(ticket.message_id), ticket.purpose, ticket.channel])
    payload = base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
    return f"{payload}.{sign(payload)}"


def read(token: str, sign: Sign) -> Ticket | None:
    """The ticket, or None for anything that `write` did not write under the same key."""
    payload, _, signature = token.partition(".")
    if not payload.isascii() or not hmac.compare_digest(signature.encode(), sign(payload).encode()):
        return None
    try:
        raw = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
        customer_id, message_id, purpose, channel = json.loads(raw)
        return Ticket(UUID(customer_id), UUID(message_id), purpose, channel)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return None

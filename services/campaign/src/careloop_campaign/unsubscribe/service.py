"""One-click unsubscribe (RFC 8058): the link in a message carries its own proof, so neither cookie nor login is asked for."""

from datetime import datetime
from functools import partial
from typing import Literal
from urllib.parse import urlencode

from careloop_common import outbox, subject_keys
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.contact import service as contact
from careloop_campaign.contact.policy import Purpose
from careloop_campaign.unsubscribe import events
from careloop_campaign.unsubscribe.errors import UnsubscribeLinkInvalid
from careloop_campaign.unsubscribe.policy import Sign, Ticket, read, write

PATH = "/v1/unsubscribe"
Extent = Literal["topic", "all"]


def link(vault: Vault, base_url: str, ticket: Ticket) -> str:
    return f"{base_url.rstrip('/')}{PATH}?{urlencode({'token': write(ticket, _signer(vault))})}"


def verify(vault: Vault, token: str) -> Ticket:
    ticket = read(token, _signer(vault))
    if ticket is None:
        raise UnsubscribeLinkInvalid("The link is incomplete or was changed.", pointer="token")
    return ticket


async def unsubscribe(session: AsyncSession, ticket: Ticket, extent: Extent, now: datetime) -> None:
    """No more messages of this purpose, or of care and marketing at all; on every channel, since that is what people mean.

    It counts here at once, and becomes a word in profile's ledger, which binds all that the person is. Of who was erased
    nothing is kept: nobody writes to them.
    """
    if await subject_keys.destroyed(session, [ticket.customer_id]):
        return
    purposes = (Purpose.CARE, Purpose.MARKETING) if extent == "all" else (ticket.purpose,)
    outbox.add(session, events.unsubscribed(ticket, purposes, now), now=now)
    await contact.suppress(
        session,
        ticket.customer_id,
        purpose=None if extent == "all" else ticket.purpose,
        channel=None,
        source=f"message:{ticket.message_id}",
        now=now,
    )


def headers(url: str) -> dict[str, str]:
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _signer(vault: Vault) -> Sign:
    return partial(vault.blind_index, "unsubscribe")

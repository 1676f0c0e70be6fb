"""What is told of e-mails: who wrote on a ticket, and by what an answer to them finds back to it."""

from dataclasses import dataclass
from typing import Final

from careloop_common.database import vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.mail import queries
from careloop_ticketing.mail.models import InboundMailRow
from careloop_ticketing.mail.policy import threads
from careloop_ticketing.mail.service import sealing
from careloop_ticketing.tickets.service import Ticket

_MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Thread:
    thread: str
    correspondents: list[str]


async def thread_of(session: AsyncSession, ticket: Ticket) -> Thread:
    rows = await queries.correspondents(session, ticket.id, limit=_MOST)
    first = {row.sender_index: row for row in reversed(rows)}
    senders = (sender_of(session, row) for row in reversed(first.values()))
    return Thread(name_of(session, ticket), [sender for sender in senders if sender])


def name_of(session: AsyncSession, ticket: Ticket) -> str:
    return threads.thread(ticket.number, vault(session).keys_for(threads.PURPOSE))


def sender_of(session: AsyncSession, row: InboundMailRow) -> str | None:
    """Who wrote, masked."""
    return sealing.masked(vault(session), row.id, row.sender) if row.sender else None

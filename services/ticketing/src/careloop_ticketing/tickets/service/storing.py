"""A new ticket, its first history entries and its words by one statement: all of them are stored or none is.

Every statement costs the process more than it costs the database, and no act is as frequent as this.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from careloop_ticketing.search import service as search
from careloop_ticketing.tickets.chain import Linked
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.service.history import RECORD, recorded

_NAMES: Final = tuple(TicketRow.model_fields)
_STORE: Final = text(
    f"WITH stored AS (INSERT INTO ticket ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"  # noqa: S608
    " ON CONFLICT (source, external_ref) DO NOTHING RETURNING id),"
    f" found AS ({search.INDEX} FROM stored)"
    f" {RECORD} JOIN stored ON stored.id = new.ticket_id RETURNING new.seq"
)


async def store(
    session: AsyncSession,
    ticket: TicketRow,
    history: Sequence[Linked],
    place: int,
    *,
    known_as: Sequence[str] = (),
) -> bool:
    """Store the ticket, unless its reference is there already or just being stored by another transaction.

    It is found by its texts, and by what its customer is known as elsewhere.
    """
    values = {
        **ticket.model_dump(),
        **recorded(session, history),
        **search.found_by(place, ticket.subject, ticket.description, *known_as),
    }
    stored = (await session.execute(_STORE, values)).first() is not None
    if stored:
        make_transient_to_detached(ticket)
        session.add(ticket)
    return stored

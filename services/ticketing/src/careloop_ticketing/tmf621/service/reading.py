from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries as tickets
from careloop_ticketing.tickets import service as ticketing
from careloop_ticketing.tickets.errors import TicketNotFound
from careloop_ticketing.tickets.service import Ticket
from careloop_ticketing.tmf621 import queries
from careloop_ticketing.tmf621.views import Seen


def identity_of(given: str) -> UUID:
    """The id in an address; what is no id of ours is nobody's."""
    try:
        return UUID(given)
    except ValueError:
        raise TicketNotFound(f"There is no ticket {given[:40]!r}.") from None


async def see(session: AsyncSession, ticket_id: UUID) -> Seen:
    return (await see_all(session, [await ticketing.get(session, ticket_id)]))[0]


async def see_all(session: AsyncSession, rows: Sequence[Ticket]) -> list[Seen]:
    """Everything about these tickets, in their order, by one statement for each sort of thing."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    watches = await sla.of_all(session, ids)
    entries = await tickets.histories(session, ids)
    histories = {one: list(found) for one, found in groupby(entries, key=lambda row: row.ticket_id)}
    notes = await tickets.notes_of(session, ids)
    files = await attachments.own(session, ids)
    beside = await queries.extensions(session, ids)
    return [
        Seen(
            ticket=row,
            watches=watches[row.id],
            history=histories[row.id],
            notes=[note for note in notes if note.ticket_id == row.id],
            files=[file for file in files if file.ticket_id == row.id],
            kept=beside[row.id].kept if row.id in beside else {},
            extras=beside[row.id].notes if row.id in beside else {},
        )
        for row in rows
    ]

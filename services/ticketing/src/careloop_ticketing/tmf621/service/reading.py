from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar
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


class _OfTicket(Protocol):
    ticket_id: UUID


T = TypeVar("T", bound=_OfTicket)


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
    histories = by_ticket(await tickets.histories(session, ids))
    notes = by_ticket(await tickets.notes_of(session, ids))
    files = by_ticket(await attachments.own(session, ids))
    beside = await queries.extensions(session, ids)
    return [
        Seen(
            ticket=row,
            watches=watches[row.id],
            history=histories[row.id],
            notes=notes.get(row.id, []),
            files=files.get(row.id, []),
            kept=beside[row.id].kept if row.id in beside else {},
            extras=beside[row.id].notes if row.id in beside else {},
        )
        for row in rows
    ]


def by_ticket(rows: Iterable[T]) -> dict[UUID, list[T]]:
    """What belongs to each ticket, in its order."""
    found: dict[UUID, list[T]] = {}
    for row in rows:
        found.setdefault(row.ticket_id, []).append(row)
    return found

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloop_common import timers
from careloop_common.errors import VersionMismatch
from careloop_common.timers import DueTimer, NewTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets.errors import LinkToItself, TicketNotFound
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.service import standing
from careloop_ticketing.tickets.service.standing import Standing

_MOMENT: Final = timedelta(milliseconds=20)


async def get(session: AsyncSession, ticket_id: UUID) -> TicketRow:
    ticket = await session.get(TicketRow, ticket_id)
    if ticket is None:
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    return ticket


async def lock(session: AsyncSession, ticket_id: UUID, *, expected: int | None = None) -> TicketRow:
    """The ticket, for this transaction alone; `VersionMismatch` if it is not the version that the caller saw."""
    ticket = await queries.lock(session, ticket_id)
    if ticket is None:
        raise TicketNotFound(f"There is no ticket {ticket_id}.")
    expect(ticket, expected)
    return ticket


def expect(ticket: TicketRow, version: int | None) -> None:
    """`VersionMismatch` if it is not the version that the caller saw."""
    if version is not None and version != ticket.version:
        raise VersionMismatch(f"The stored version is {ticket.version}.", current_version=ticket.version)


async def lock_both(session: AsyncSession, one: UUID, other: UUID) -> tuple[TicketRow, TicketRow]:
    """Two tickets, for this transaction alone; always the lower id first, so that nobody waits in a circle."""
    if one == other:
        raise LinkToItself
    found = {ticket_id: await lock(session, ticket_id) for ticket_id in sorted((one, other))}
    return found[one], found[other]


async def lock_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> dict[UUID, Standing]:
    """The tickets of due timers, as far as nobody works on them, or fires others of them: those fire again in a moment."""
    free = await standing.lock(session, {timer.owner_id for timer in due})
    for ticket_id in await timers.in_other_hands(session, due[0].kind, free):
        del free[ticket_id]
    busy = (timer for timer in due if timer.owner_id not in free)
    again = (NewTimer(t.kind, t.owner_id, t.step, now + _MOMENT, t.generation, t.data) for t in busy)
    await timers.arm_all(session, again)
    return free

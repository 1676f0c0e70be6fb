"""What a ticket shows to the outside: the row and, computed for this instant, its clocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla import views as clock_views
from careloop_ticketing.sla.service import Clocks
from careloop_ticketing.tickets import acknowledgement
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.schemas import OpenedTicketView, TicketView
from careloop_ticketing.tickets.service.opening import FIRST_RESPONSE, Opened

_OWN = [name for name in TicketView.model_fields if name != "clocks"]


async def view_all(
    session: AsyncSession, tickets: Sequence[TicketRow], now: datetime
) -> Mapping[UUID, TicketView]:
    clocks = await sla.of_all(session, [ticket.id for ticket in tickets])
    return {ticket.id: view(ticket, clocks[ticket.id], now) for ticket in tickets}


def opened(found: Opened, now: datetime) -> OpenedTicketView:
    ticket = found.ticket
    within = found.clocks[FIRST_RESPONSE].target
    text = acknowledgement.text(ticket.number, ticket.kind, language=ticket.language, within=within)
    shown = view(ticket, found.clocks, now)
    return OpenedTicketView.model_construct(**shown.__dict__, acknowledgement=text)


def view(ticket: TicketRow, clocks: Clocks, now: datetime) -> TicketView:
    shown = [clock_views.view(row, now) for row in clocks.values()]
    own = {name: getattr(ticket, name) for name in _OWN}
    return TicketView.model_construct(**own, clocks=shown)

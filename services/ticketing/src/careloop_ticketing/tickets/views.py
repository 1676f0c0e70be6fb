"""What a ticket shows to the outside: the row and, computed for this instant, its clocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla import views as clock_views
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets import acknowledgement
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.schemas import OpenedTicketView, TicketView
from careloop_ticketing.tickets.service.opening import Opened

_OWN = [name for name in TicketView.model_fields if name not in {"clocks", "next_due_at"}]


async def view_all(
    session: AsyncSession, tickets: Sequence[TicketRow], now: datetime
) -> Mapping[UUID, TicketView]:
    watches = await sla.of_all(session, [ticket.id for ticket in tickets])
    return {ticket.id: view(ticket, watches[ticket.id], now) for ticket in tickets}


def opened(found: Opened, now: datetime) -> OpenedTicketView:
    ticket = found.ticket
    answered_by = (
        one.due_at for one in found.watches.values() if one.definition.promises is Moment.RESPONDED
    )
    due_at = min(filter(None, answered_by), default=None)
    within = due_at - ticket.opened_at if due_at else None
    text = acknowledgement.text(ticket.number, ticket.kind, language=ticket.language, within=within)
    return OpenedTicketView.model_construct(**_shown(ticket, found.watches, now), acknowledgement=text)


def view(ticket: TicketRow, watches: Watches, now: datetime) -> TicketView:
    return TicketView.model_construct(**_shown(ticket, watches, now))


def _shown(ticket: TicketRow, watches: Watches, now: datetime) -> dict[str, Any]:
    own = {name: getattr(ticket, name) for name in _OWN}
    clocks = [clock_views.view(watches[name], now) for name in sorted(watches)]
    return {**own, "next_due_at": next_due(watches), "clocks": clocks}


def next_due(watches: Watches) -> datetime | None:
    """When the first of the clocks that run is due."""
    running = (one.due_at for one in watches.values() if one.state is State.RUNNING)
    return min(filter(None, running), default=None)

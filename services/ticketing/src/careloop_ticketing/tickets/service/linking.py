"""What tickets take from their customers: once the replica knows them, and whenever their class or region changes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.customers import service as customers
from careloop_ticketing.customers.service import CustomerRow
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record

_RECENT: Final = timedelta(minutes=10)
_BATCH: Final = 500


async def take_in(
    session: AsyncSession, known: Sequence[CustomerRow], moved: Sequence[CustomerRow], *, now: datetime
) -> None:
    """Link the tickets that wait for these customers; those of whom profile says something else by now follow.

    All are locked at once: one after the other would be two orders, and somebody who holds the later ones may want the
    earlier.
    """
    by_id = {customer.id: customer for customer in known}
    by_reference = {(c.source, c.external_id): c for c in known if c.external_id}
    of_moved = {customer.id: customer for customer in moved}
    concerned = set(await queries.waiting_for(session, by_id.keys(), by_reference.keys()))
    concerned.update(await queries.unfinished_of(session, of_moved.keys()) if of_moved else ())
    tickets = await queries.lock_all(session, concerned)
    watches = await sla.of_all(session, [ticket.id for ticket in tickets])
    for ticket in tickets:
        case = Case(session, ticket, watches[ticket.id], SYSTEM, now)
        if ticket.linked_at is None:
            reference = (str(ticket.customer_source), str(ticket.customer_external_id))
            customer = by_id.get(ticket.customer_id) if ticket.customer_id else by_reference.get(reference)
            if customer:
                await _link(case, customer)
        elif ticket.customer_id in of_moved and ticket.status in queries.UNFINISHED:
            await _follow(case, of_moved[ticket.customer_id])
    await sla.save(session, *watches.values())


async def catch_up(session: AsyncSession, *, now: datetime) -> None:
    """Link recent tickets that were opened in the very moment in which their customer became known."""
    found = []
    for ticket in await queries.unlinked_since(session, now - _RECENT, limit=_BATCH):
        reference = (str(ticket.customer_source), ticket.customer_external_id or "")
        found.append(await customers.find(session, ticket.customer_id, reference))
    await take_in(session, [customer for customer in found if customer], [], now=now)


async def renew(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give a ticket that nobody has told of its customer for a while what is known today; returns how that differs."""
    ticket = case.ticket
    named = ticket.customer_source, ticket.customer_external_id
    reference = (named[0], named[1]) if named[0] and named[1] else None
    customer = await customers.find(case.session, ticket.customer_id, reference)
    if customer is None:
        return {}, {}
    before = _known(ticket)
    ticket.customer_id, ticket.linked_at = customer.id, ticket.linked_at or case.now
    ticket.region, ticket.vip = customer.region, customer.vip
    after = _known(ticket)
    changed = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def _known(ticket: TicketRow) -> dict[str, Any]:
    named = ticket.customer_id and str(ticket.customer_id)
    return {"customer_id": named, "vip": ticket.vip, "region": ticket.region}


async def _link(case: Case, customer: CustomerRow) -> None:
    ticket = case.ticket
    before = {"customer_id": ticket.customer_id and str(ticket.customer_id), "vip": ticket.vip}
    ticket.customer_id, ticket.linked_at = customer.id, case.now
    ticket.region, ticket.vip = customer.region, customer.vip
    after = {"customer_id": str(ticket.customer_id), "vip": ticket.vip}
    moved_from, moved_to = await case.follow()
    record(case, "linked", before=before | moved_from, after=after | moved_to)


async def _follow(case: Case, customer: CustomerRow) -> None:
    ticket = case.ticket
    before = {"vip": ticket.vip, "region": ticket.region}
    after = {"vip": customer.vip, "region": customer.region}
    if before == after:
        return
    ticket.vip, ticket.region = customer.vip, customer.region
    moved_from, moved_to = await case.follow()
    record(case, "customer_changed", before=before | moved_from, after=after | moved_to)

"""Links between tickets, and people who watch them."""

from collections.abc import Sequence
from uuid import UUID

from careloop_ticketing.tickets import kin, queries
from careloop_ticketing.tickets.errors import IncidentAsChild, LinkCycle, LinkNotFound, ParentClosed
from careloop_ticketing.tickets.models import LinkRow
from careloop_ticketing.tickets.policy import LinkType
from careloop_ticketing.tickets.service import loading
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record
from careloop_ticketing.vocabulary import CLOSED


async def link(case: Case, to: UUID, type_: LinkType) -> None:
    """Say what the ticket is to another one; saying it again changes nothing. Both are locked."""
    session, ticket = case.session, case.ticket
    if await session.get(LinkRow, (ticket.id, to, type_)):
        return
    if type_ is LinkType.CHILD:
        if await kin.incidents(session, [ticket.id]):
            raise IncidentAsChild(f"Ticket {ticket.number} is an incident.")
        parent = await loading.get(session, to)
        if parent.status in CLOSED:
            raise ParentClosed(f"Ticket {parent.number} is {parent.status}.")
        if await kin.is_descendant(session, to, of=ticket.id):
            raise LinkCycle(f"{to} is a child of {ticket.id} already.")
    session.add(LinkRow(from_id=ticket.id, to_id=to, type=type_, linked_at=case.now, linked_by=case.actor.id))
    record(case, "link_added", after={"to": str(to), "type": type_})


async def unlink(case: Case, to: UUID, type_: LinkType) -> None:
    found = await case.session.get(LinkRow, (case.ticket.id, to, type_))
    if found is None:
        raise LinkNotFound
    await case.session.delete(found)
    record(case, "link_removed", before={"to": str(to), "type": type_})


async def adopt(parent: Case, children: Sequence[UUID]) -> None:
    """Make many tickets children of a new one; they are locked in the order of their ids."""
    for child in await queries.lock_all(parent.session, children):
        case = Case(parent.session, child, parent.watches, parent.actor, parent.now)
        parent.session.add(
            LinkRow(
                from_id=child.id,
                to_id=parent.ticket.id,
                type=LinkType.CHILD,
                linked_at=parent.now,
                linked_by=parent.actor.id,
            )
        )
        record(case, "link_added", after={"to": str(parent.ticket.id), "type": LinkType.CHILD})


def watch(case: Case, person: str) -> None:
    """Have somebody kept informed; once is enough."""
    if person not in case.ticket.watchers:
        case.ticket.watchers = [*case.ticket.watchers, person]
        record(case, "watched", after={"watcher": person})


def unwatch(case: Case, person: str) -> None:
    if person in case.ticket.watchers:
        case.ticket.watchers = [other for other in case.ticket.watchers if other != person]
        record(case, "unwatched", before={"watcher": person})

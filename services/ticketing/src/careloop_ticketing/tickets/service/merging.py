"""Two tickets about one thing: one of them ends, the other takes in what belongs to it.

The clocks of the one that ends are cancelled: nothing of it escalates any more. When the merge turns out to be a mistake,
they run on from where they stopped; while the ticket was merged nobody was to work on it, so that time does not count. But
what was said meanwhile of its customer, and of the terms of what runs, holds for it as for the others.
"""

from typing import Final
from uuid import UUID

from careloop_common import outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import watch
from careloop_ticketing.sla.policy.adopting import Turn
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.tickets import events, kin, policy
from careloop_ticketing.tickets.errors import CustomersDiffer, IncidentAsChild, MergeImpossible, TicketMerged
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service import loading, telling
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record
from careloop_ticketing.tickets.service.linking import renew
from careloop_ticketing.tickets.service.waiting import due_times
from careloop_ticketing.vocabulary import Status

_TAKES_IN: Final = frozenset({Status.CLASSIFIED, Status.HANDLING, Status.WAITING, Status.FEEDBACK})


async def merge(duplicate: Case, target: Case, *, other_customer: bool = False) -> None:
    """End the duplicate; who watches it watches the target from now on. Both are of one customer, or that is said."""
    ticket, into = duplicate.ticket, target.ticket
    if into.status not in _TAKES_IN:
        raise MergeImpossible(f"Ticket {into.number} is {into.status}.")
    if await kin.is_descendant(duplicate.session, into.id, of=ticket.id):
        raise MergeImpossible(f"Ticket {into.number} is a child of ticket {ticket.number}.")
    if await kin.is_child(duplicate.session, into.id) and await kin.incidents(duplicate.session, [ticket.id]):
        raise IncidentAsChild(f"Ticket {ticket.number} is an incident, and {into.number} a child of another.")
    if not other_customer and _differ(ticket, into):
        raise CustomersDiffer(f"Tickets {ticket.number} and {into.number} are of different customers.")
    before = {"status": ticket.status}
    ticket.status = policy.after(ticket.status, Act.MERGE)
    ticket.merged_into = into.id
    watch.cancel(duplicate.watches, now=duplicate.now)
    brought = [person for person in ticket.watchers if person not in into.watchers]
    into.watchers = [*into.watchers, *brought]
    record(duplicate, "merged", before=before, after={"status": ticket.status, "into": str(into.id)})
    record(target, "took_in", after={"ticket_id": str(ticket.id), "watchers": brought})
    outbox.add(duplicate.session, events.merged(ticket, into, now=duplicate.now), now=duplicate.now)
    await telling.acknowledged(duplicate)
    await duplicate.save()


def _differ(one: TicketRow, other: TicketRow) -> bool:
    """Whether both are known to be of somebody, and not of the same."""
    if one.customer_id and other.customer_id:
        return one.customer_id != other.customer_id
    theirs = [(ticket.customer_source, ticket.customer_external_id) for ticket in (one, other)]
    return all(external_id for _, external_id in theirs) and theirs[0] != theirs[1]


async def lock_merged(session: AsyncSession, ticket_id: UUID) -> tuple[TicketRow, TicketRow]:
    """A merged ticket and the one that took it in, both locked."""
    into = (await loading.get(session, ticket_id)).merged_into
    if into is None:
        policy.after((await loading.get(session, ticket_id)).status, Act.UNMERGE)
        raise MergeImpossible
    ticket, target = await loading.lock_both(session, ticket_id, into)
    if ticket.merged_into != into:
        raise MergeImpossible("Somebody else has just undone the merge.")
    return ticket, target


async def unmerge(duplicate: Case, target: Case) -> None:
    """The merge was a mistake. Possible until the target is closed; its watchers stay with it."""
    ticket, into = duplicate.ticket, target.ticket
    before = {"status": ticket.status, "into": str(into.id)}
    status = policy.unmerged(ticket.status, answered=ticket.responded_at is not None)
    if into.status not in _TAKES_IN | {Status.MERGED}:
        raise MergeImpossible(f"Ticket {into.number} is {into.status}: what it took in was closed with it.")
    ticket.status, ticket.merged_into = status, None
    known_from, known_to = await renew(duplicate)
    terms = await sla.policy_of(duplicate.session, ticket.policy_version)
    watch.revive(duplicate.watches, terms, because=Because(duplicate.actor.id), now=duplicate.now)
    moved_from, moved_to = await duplicate.catch_up(Turn.RETURNED)
    running = due_times(one for one in duplicate.watches.values() if one.due_at)
    after = {"status": ticket.status, **running, **known_to, **moved_to}
    record(duplicate, "unmerged", before={**before, **known_from, **moved_from}, after=after)
    record(target, "gave_back", after={"ticket_id": str(ticket.id)})
    outbox.add(duplicate.session, events.unmerged(ticket, into, now=duplicate.now), now=duplicate.now)
    await duplicate.save()


async def refuse_merged(session: AsyncSession, ticket: TicketRow) -> None:
    """`TicketMerged` with the number of the ticket that has it now, if it is another one."""
    if ticket.merged_into is None:
        return
    into = await loading.get(session, await kin.merged_at_last(session, ticket.id))
    raise TicketMerged(f"Ticket {ticket.number} was merged into {into.number}.", number=into.number)

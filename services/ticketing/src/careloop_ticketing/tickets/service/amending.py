"""Correcting what was taken down. The history names the texts that changed, never their words.

Whatever a ticket is decided by follows: its clocks when its kind is another one, its class and region with its customer,
and the words by which it is found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from careloop_common import outbox

from careloop_ticketing.customers import service as customers
from careloop_ticketing.customers.service import CustomerRow
from careloop_ticketing.search import service as search
from careloop_ticketing.tickets import events, policy, queries
from careloop_ticketing.tickets.corrections import Correction, Named
from careloop_ticketing.tickets.models import TicketRow
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service.case import Case
from careloop_ticketing.tickets.service.history import record


@dataclass(slots=True)
class _Said:
    """What the history says."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


_TEXTS: Final = ("subject", "description")
_CODES: Final = ("kind", "channel", "language")


async def amend(
    case: Case, *, subject: str | None = None, description: str | None = None, attributes: Iterable[str] = ()
) -> None:
    """Correct the texts; `attributes` are what changed by whatever name the caller has for it."""
    ticket = case.ticket
    ticket.status = policy.after(ticket.status, Act.NOTE)
    texts = {"subject": subject or None, "description": description}
    changed = sorted(name for name, said in texts.items() if said is not None)
    for name in changed:
        setattr(ticket, name, texts[name])
    record(case, "amended", after={"attributes": sorted(attributes)})
    if changed:
        await _index(case)
        outbox.add(case.session, events.amended(ticket, changed, {}, now=case.now), now=case.now)


async def correct(case: Case, wanted: Correction) -> None:
    """Correct what differs, and let follow what is decided by it; nothing happens where nothing does."""
    ticket, session = case.ticket, case.session
    policy.after(ticket.status, Act.NOTE)
    changed = {name for name in _TEXTS + _CODES if getattr(wanted, name) not in {None, getattr(ticket, name)}}
    said = _Said()
    for name in sorted(changed):
        if name in _CODES:
            said.before[name], said.after[name] = getattr(ticket, name), getattr(wanted, name)
        setattr(ticket, name, getattr(wanted, name))
    if wanted.customer is not None and await _belong_to(case, wanted.customer, said):
        changed.add("customer")
    if not changed:
        return
    if changed & {*_TEXTS, "customer"}:
        await _index(case)
    moved_from, moved_to = await case.follow() if changed - {*_TEXTS} else ({}, {})
    because = {"reason": wanted.reason} if wanted.reason else {}
    after = {"attributes": sorted(changed), **said.after, **because, **moved_to}
    record(case, "amended", before=said.before | moved_from, after=after)
    outbox.add(session, events.amended(ticket, sorted(changed), said.before, now=case.now), now=case.now)
    await case.save()


async def _belong_to(case: Case, named: Named, said: _Said) -> bool:
    """Make the ticket that customer's, with what profile says of them; whether it was not theirs."""
    ticket = case.ticket
    customer = await customers.find(case.session, named.id, named.reference)
    source, external_id = named.reference or (None, None)
    theirs = {
        "customer_id": customer.id if customer else named.id,
        "customer_source": source,
        "customer_external_id": external_id,
        "linked_at": case.now if customer else None,
        "vip": customer.vip if customer else False,
        "region": customer.region if customer else None,
    }
    same = theirs["customer_id"] == ticket.customer_id and ticket.linked_at is not None
    if same or all(getattr(ticket, name) == value for name, value in theirs.items()):
        return False
    before = _whose(ticket)
    for name, value in theirs.items():
        setattr(ticket, name, value)
    said.before |= before
    said.after |= _whose(ticket)
    return True


def _whose(ticket: TicketRow) -> Mapping[str, Any]:
    """By our own id alone: those of other systems may be telephone numbers."""
    return {
        "customer_id": ticket.customer_id and str(ticket.customer_id),
        "vip": ticket.vip,
        "region": ticket.region,
    }


async def _index(case: Case) -> None:
    """The ticket is found by what it says now, and by its notes as before."""
    session, ticket = case.session, case.ticket
    known = await customers.find(session, ticket.customer_id, None) if ticket.linked_at else None
    notes = await queries.notes_of(session, [ticket.id])
    texts = [ticket.subject, ticket.description, *sorted(known_as(ticket, known))]
    await search.replace(session, ticket.id, *texts, *(note.text for note in notes))


def known_as(ticket: TicketRow, customer: CustomerRow | None) -> set[str]:
    """The ids of the customer in other systems."""
    both = (ticket.customer_external_id, customer.external_id if customer else None)
    return {one for one in both if one}

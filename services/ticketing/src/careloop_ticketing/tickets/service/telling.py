"""Telling those concerned what happened to a ticket: who holds it, who lost it, who watches it; never who did it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from careloop_ticketing.notices.service import Notice, Reason, Role
from careloop_ticketing.tickets.service.case import Case


class Watched(Protocol):
    """A ticket as far as people are concerned by it."""

    id: UUID
    number: str
    assignee_id: str | None

    @property
    def watchers(self) -> Sequence[str]: ...


async def tell(case: Case, reason: Reason) -> None:
    """Tell who holds the ticket and who watches it."""
    await _tell(case, concerned(case.ticket, reason))


async def handed(case: Case, before: str | None) -> None:
    """Tell who got the ticket, and who held it before."""
    await _tell(case, changed_hands(case.ticket, before))


async def acknowledged(case: Case) -> None:
    """Somebody has taken notice of the ticket, or nothing is to be done about it any more: it waits for nobody."""
    await case.acknowledged()


def concerned(ticket: Watched, reason: Reason) -> Iterator[Notice]:
    """Who holds the ticket, whoever that is, and who watches it."""
    if ticket.assignee_id is not None:
        yield Notice(ticket.id, ticket.number, ticket.assignee_id, Role.ASSIGNEE, reason)
    yield from watching(ticket, reason)


def watching(ticket: Watched, reason: Reason) -> Iterator[Notice]:
    for person in ticket.watchers:
        yield Notice(ticket.id, ticket.number, person, Role.WATCHER, reason)


def changed_hands(ticket: Watched, before: str | None) -> Iterator[Notice]:
    """Of a ticket that somebody else, or nobody, holds since."""
    if ticket.assignee_id == before:
        return
    if before is not None:
        yield Notice(ticket.id, ticket.number, before, Role.ASSIGNEE, Reason.TAKEN_AWAY)
    if ticket.assignee_id is not None:
        yield from concerned(ticket, Reason.ASSIGNED)


async def _tell(case: Case, told: Iterable[Notice]) -> None:
    if others := [one for one in told if one.recipient != case.actor.id]:
        await case.tell(others)

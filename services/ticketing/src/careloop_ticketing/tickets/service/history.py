from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from careloop_common.database import lasting, vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tickets.chain import PURPOSE, Chain, Entry
from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow
from careloop_ticketing.tickets.service.case import Case


def chain_of(session: AsyncSession) -> Chain:
    """The chain under this process's keys."""
    known = lasting(session)
    if Chain not in known:
        known[Chain] = Chain(vault(session).keys_for(PURPOSE))
    chain: Chain = known[Chain]
    return chain


def record(
    case: Case,
    fact: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the next history entry; with it the ticket has a new version."""
    chain, said = chain_of(case.session), {"before": before or {}, "after": {**(after or {}), **case.within}}
    case.session.add(entry(case.ticket, fact, chain=chain, actor=case.actor, now=case.now, **said))


def entry(
    ticket: TicketRow,
    fact: str,
    *,
    chain: Chain,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> HistoryRow:
    ticket.version += 1
    ticket.changed_at = now
    new = Entry(ticket.id, ticket.version, fact, now, actor.id, actor.kind, dict(before), dict(after))
    ticket.head = chain.link(ticket.head, new)
    return HistoryRow(**new._asdict(), key_id=chain.key_id, hash=ticket.head)


def write_note(case: Case, about: str, text: str | None) -> dict[str, str]:
    """Keep what somebody wrote; returns what the history says of it."""
    if not text:
        return {}
    note_id: UUID = ids.new_id()
    note = NoteRow(
        id=note_id,
        ticket_id=case.ticket.id,
        about=about,
        text=text,
        author_id=case.actor.id,
        written_at=case.now,
    )
    case.session.add(note)
    return {"note_id": str(note_id)}

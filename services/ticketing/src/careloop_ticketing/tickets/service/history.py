from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids, records
from careloop_common.database import lasting, vault
from careloop_common.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.search import service as search
from careloop_ticketing.tickets.chain import PURPOSE, Chain, Entry, Linked
from careloop_ticketing.tickets.models import NoteRow, TicketRow
from careloop_ticketing.tickets.service.case import Case

_COLUMNS: Final = {
    "ticket_id": "uuid",
    "seq": "int",
    "fact": "text",
    "at": "timestamptz",
    "actor_id": "text",
    "actor_kind": "text",
    "before": "jsonb",
    "after": "jsonb",
    "hash": "bytea",
}
_NAMES: Final = ", ".join(_COLUMNS)
RECORD: Final = f"INSERT INTO ticket_history ({_NAMES}, key_id) SELECT {_NAMES}, :key_id FROM {records.given(_COLUMNS, 'entries')}"  # noqa: S608
"""Writes what `recorded` gives."""
_RECORD: Final = text(RECORD)


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
    case.keep(link(case.ticket, fact, chain=chain, actor=case.actor, now=case.now, **said))


def link(
    ticket: TicketRow,
    fact: str,
    *,
    chain: Chain,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Linked:
    """The next entry of the ticket, to be written; its version and its head are moved there."""
    ticket.version += 1
    ticket.changed_at = now
    new = Entry(ticket.id, ticket.version, fact, now, actor.id, actor.kind, dict(before), dict(after))
    ticket.head = chain.link(ticket.head, new)
    return Linked(new, ticket.head, chain.key_id)


async def write(session: AsyncSession, entries: Sequence[Linked]) -> None:
    """Store entries whose tickets are stored."""
    if entries:
        await session.execute(_RECORD, recorded(session, entries))


def recorded(session: AsyncSession, entries: Sequence[Linked]) -> Mapping[str, Any]:
    """What `RECORD` takes."""
    rows = ((*one.said, records.hexed(one.hash)) for one in entries)
    return {"entries": records.encode(_COLUMNS, rows), "key_id": chain_of(session).key_id}


async def write_note(case: Case, about: str, text: str | None) -> dict[str, str]:
    """Keep what somebody wrote, to be found by it too; returns what the history says of it."""
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
    await search.add(case.session, case.ticket.id, text)
    return {"note_id": str(note_id)}

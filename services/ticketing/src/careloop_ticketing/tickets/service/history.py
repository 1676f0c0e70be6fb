from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow


def record(
    session: AsyncSession,
    ticket: TicketRow,
    fact: str,
    *,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the next history entry; with it the ticket has a new version."""
    session.add(entry(ticket, fact, actor=actor, now=now, before=before or {}, after=after or {}))


def entry(
    ticket: TicketRow,
    fact: str,
    *,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> HistoryRow:
    ticket.version += 1
    return HistoryRow(
        ticket_id=ticket.id,
        seq=ticket.version,
        fact=fact,
        at=now,
        actor_id=actor.id,
        actor_kind=actor.kind,
        before=dict(before),
        after=dict(after),
    )


def write_note(
    session: AsyncSession, ticket: TicketRow, about: str, text: str | None, *, actor: Actor, now: datetime
) -> dict[str, str]:
    """Keep what somebody wrote; returns what the history says of it."""
    if not text:
        return {}
    note_id: UUID = ids.new_id()
    session.add(
        NoteRow(id=note_id, ticket_id=ticket.id, about=about, text=text, author_id=actor.id, written_at=now)
    )
    return {"note_id": str(note_id)}

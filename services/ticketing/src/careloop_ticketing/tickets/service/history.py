from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import Actor

from careloop_ticketing.tickets.models import HistoryRow, NoteRow, TicketRow
from careloop_ticketing.tickets.service.case import Case


def record(
    case: Case,
    fact: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the next history entry; with it the ticket has a new version."""
    row = entry(case.ticket, fact, actor=case.actor, now=case.now, before=before or {}, after=after or {})
    case.session.add(row)


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

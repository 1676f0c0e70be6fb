"""Lives of tickets as far as the next steps are told of: these, what is near to them, and nothing that grows with a life."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.attachments import service as attachments
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import ends
from careloop_ticketing.tickets.service import HistoryEntry, Note
from careloop_ticketing.tmf621 import queries
from careloop_ticketing.tmf621.models import ChangeRow
from careloop_ticketing.tmf621.policy import excerpts, notifying
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.notifying import Step
from careloop_ticketing.tmf621.service.reading import by_ticket
from careloop_ticketing.tmf621.views import Change, Document, Seen, changes, note_of


@dataclass(frozen=True, slots=True)
class Life:
    """A ticket as it is, and its steps of which is to be told."""

    seen: Seen
    """Without history and notes."""
    statuses: Sequence[Change]
    entries: Sequence[HistoryEntry]
    notes: Sequence[Note]

    def steps(self) -> list[Step]:
        return notifying.told(Step(one.seq, one.at, self._events(one)) for one in self.entries)

    def _events(self, entry: HistoryEntry) -> Sequence[notifying.EventType]:
        until = self.until(entry.seq)
        before = [one for one in until if one.seq < entry.seq]
        return notifying.events_of(
            entry.fact, entry.seq, before[-1].status if before else None, until[-1].status
        )

    def until(self, seq: int) -> Sequence[Change]:
        return [one for one in self.statuses if one.seq <= seq]

    def written(self, step: Step, face: Face) -> list[Document]:
        """The newest notes as of a step, as many as a notification carries."""
        newest = (note for note in reversed(self.notes) if note.written_at <= step.at)
        return excerpts.notes(note_of(note, self.seen.extras, face) for note in newest)


async def lives(session: AsyncSession, found: Sequence[ChangeRow]) -> list[Life]:
    """By a few statements, however many tickets and subscribers there are."""
    rows = await ends.tickets(session, {one.ticket_id for one in found})
    ids = [row.id for row in rows]
    entries = by_ticket(await ends.entries(session, [(one.ticket_id, one.seq) for one in found]))
    first = {one: theirs[0].seq for one, theirs in entries.items()}
    earlier = by_ticket(await ends.status_changes(session, first, limit=excerpts.STATUSES))
    notes = by_ticket(
        await ends.notes(
            session,
            {one: theirs[-1].at for one, theirs in entries.items()},
            limit=excerpts.NOTES,
            besides=[note for theirs in entries.values() for note in _notes_of(theirs)],
        )
    )
    near = {one: [*earlier.get(one, ()), *theirs] for one, theirs in entries.items()}
    texts = await _reasons(session, near)
    watches = await sla.of_all(session, ids)
    files = by_ticket(await attachments.own(session, ids))
    beside = await queries.extensions(session, ids)
    return [
        Life(
            seen=Seen(
                ticket=row,
                watches=watches[row.id],
                history=(),
                notes=(),
                files=files.get(row.id, ()),
                kept=beside[row.id].kept if row.id in beside else {},
                extras=beside[row.id].notes if row.id in beside else {},
            ),
            statuses=changes(near[row.id], texts),
            entries=entries[row.id],
            notes=notes.get(row.id, ()),
        )
        for row in rows
    ]


def _notes_of(entries: Sequence[HistoryEntry]) -> list[UUID]:
    return [UUID(note) for one in entries if (note := one.after.get("note_id"))]


async def _reasons(session: AsyncSession, near: Mapping[UUID, Sequence[HistoryEntry]]) -> Mapping[str, str]:
    """What was written about statuses, by the ids of the notes."""
    about = [
        note for theirs in near.values() for note in _notes_of([e for e in theirs if "status" in e.after])
    ]
    found = await ends.beginnings(session, about, length=excerpts.LONGEST_REASON + 1)
    return {str(note): excerpts.reason(text) for note, text in found.items()}

"""Notes: their text is the ticket's, what else a client says of them is kept beside it."""

from collections.abc import Iterable
from typing import Any

from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case


async def write_notes(case: Case, notes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Add the notes to the ticket; gives what is kept of them, by the ids that they got."""
    kept = {}
    for note in notes:
        note_id = await tickets.add_note(case, text=note["text"].strip())
        kept[note_id] = {name: value for name, value in note.items() if name != "text"}
    return kept

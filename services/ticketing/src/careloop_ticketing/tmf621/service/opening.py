from datetime import datetime
from typing import Any, Final

from careloop_common.runtime import Runtime
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.settings import Settings
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import Unstated
from careloop_ticketing.tickets.service import Case, Intake, Ticket
from careloop_ticketing.tmf621.errors import AttributeNotWritable
from careloop_ticketing.tmf621.models import ExtensionRow
from careloop_ticketing.tmf621.policy import attaching, bounds, faces, intake, words
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.service import attaching as files
from careloop_ticketing.tmf621.service.checking import check, kept_of
from careloop_ticketing.tmf621.service.noting import write_notes

SUPERVISE: Final = "tickets:supervise"
_THEIRS: Final = {
    4: ("id", "href"),
    5: ("id", "href", "creationDate", "lastUpdate", faces.HISTORY[5]),
}
"""What the documents forbid a client to give at creation."""


async def open_ticket(
    session: AsyncSession,
    face: Face,
    document: dict[str, Any],
    *,
    runtime: Runtime[Settings],
    actor: Actor,
    now: datetime,
) -> Ticket:
    """Open a ticket; a document whose external identifier came before finds the ticket that it opened."""
    _refuse(face, document)
    entries = attaching.entries_of(document)
    kept = attaching.with_links(kept_of(face, document), entries.links)
    taken = _intake(document, kept)
    notes = intake.notes_of(document)
    bounds.refuse_many_notes(len(notes))
    async with files.receiving(runtime, entries.new, now) as arrived:
        found = await tickets.open_ticket(session, taken, actor=actor, now=now)
        if not found.is_new:
            return found.ticket
        case = Case(session, found.ticket, await sla.of(session, found.ticket.id), actor, now)
        if (severity := _severity(case, document["severity"])) is not found.ticket.severity:
            await tickets.classify(case, {"severity": severity}, reason=Unstated.NOT_STATED)
        extras = await write_notes(case, notes) | await files.attach(case, arrived)
    bounds.refuse_much(kept, extras)
    session.add(ExtensionRow(ticket_id=found.ticket.id, kept=kept, notes=extras))
    await session.flush()
    return found.ticket


def _severity(case: Case, word: str) -> Severity:
    """As the client says. Who may not make less of a ticket than the rules do opens it all the same, and is not heeded."""
    ruled = case.ticket.severity
    said = words.severity_of(word) or ruled
    return said if case.actor.may(SUPERVISE) else said.at_least(ruled)


def _refuse(face: Face, document: dict[str, Any]) -> None:
    check(document, face.shape)
    bounds.refuse_long_lists(document, but=("note",))
    for name in (*_THEIRS[face.version], *(faces.EXTENSION if face.version == 4 else ())):
        if name in document:
            raise AttributeNotWritable(f"{name} is given by the system.", pointer=f"/{name}")


def _intake(document: dict[str, Any], kept: dict[str, Any]) -> Intake:
    settled = intake.settled(kept)
    return Intake(
        kind=settled.kind,
        channel=settled.channel,
        subject=intake.subject_of(document),
        description=intake.text_of(document, "description"),
        source=settled.source,
        external_ref=settled.external_ref,
        customer_id=settled.customer_id,
        customer_reference=settled.customer_reference,
    )

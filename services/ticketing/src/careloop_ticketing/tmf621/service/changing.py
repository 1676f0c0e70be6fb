"""A patch becomes the acts that it asks for. What it may not change, it does not change: the whole patch is refused then."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from careloop_common import timers
from careloop_common.errors import ScopeMissing
from careloop_common.runtime import Runtime

from careloop_ticketing.settings import Settings
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import (
    Act,
    ArchiveReason,
    CancelReason,
    Outcome,
    RejectReason,
    ReopenReason,
    Unstated,
)
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.tmf621 import parties, queries
from careloop_ticketing.tmf621.errors import AttributeFixed, AttributeInvalid, AttributeNotWritable
from careloop_ticketing.tmf621.models import ExtensionRow
from careloop_ticketing.tmf621.policy import attaching, bounds, faces, intake, reasons, statuses, words
from careloop_ticketing.tmf621.policy.attaching import Entries
from careloop_ticketing.tmf621.policy.documents import V5_TICKET
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.statuses import Step, TmfStatus
from careloop_ticketing.tmf621.service import attaching as files
from careloop_ticketing.tmf621.service import reading
from careloop_ticketing.tmf621.service.checking import check, kept_of
from careloop_ticketing.tmf621.service.noting import write_notes
from careloop_ticketing.tmf621.views import Seen, held, view

Document = dict[str, Any]
_SYSTEMS: Final = {"id", "href", "creationDate", "lastUpdate", "statusChangeDate", *faces.HISTORY.values()}
_WORKED_OUT: Final = {"expectedResolutionDate", "resolutionDate"}
"""The documents let a client write them; here they follow from the clocks, whatever it writes."""
_NEEDED: Final = {"description", "severity", "ticketType", "status", "name", "@type"}


async def change(
    case: Case, face: Face, patch: Callable[[Document], Document], *, runtime: Runtime[Settings]
) -> None:
    """Do what leads from the ticket as `face` shows it to the document that `patch` makes of it."""
    seen = await reading.see(case.session, case.ticket.id)
    shown = view(seen, face)
    wanted = patch(shown)
    names = {name for name in shown.keys() | wanted.keys() if shown.get(name) != wanted.get(name)}
    names -= _WORKED_OUT
    check({name: wanted[name] for name in names if name in wanted}, face.shape.part())
    _refuse(face, names, wanted)
    bounds.refuse_long_lists({name: wanted[name] for name in names if name in wanted}, but=("note",))
    old, new = _attachments(seen, shown, shown), _attachments(seen, shown, wanted)
    before = attaching.with_links(kept_of(face, _without(shown, held(case.ticket, face))), old.links)
    after = attaching.with_links(kept_of(face, _without(wanted, held(case.ticket, face))), new.links)
    if intake.settled(before) != intake.settled(after):
        raise AttributeFixed(
            "Kind, channel, external identifier and customer of a ticket stay as they were at its opening."
        )
    extension = await _extension(case)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    kept = {name: value for name, value in extension.kept.items() if name not in changed}
    extension.kept = kept | {name: after[name] for name in changed if name in after}
    said = await _notes(case, shown, wanted) if "note" in names else {}
    described = {one: extras for one, extras in new.extras.items() if extras != old.extras[one]}
    changed |= {attaching.NAME} if described else set()
    async with files.receiving(runtime, new.new, case.now) as arrived:
        said |= described | await files.attach(case, arrived)
    extension.notes = extension.notes | said
    bounds.refuse_much(extension.kept if changed else {}, said)
    await _classify(case, wanted, names)
    await _amend(case, wanted, names, changed)
    await _act(case, TmfStatus(shown["status"]), wanted, names)


def _without(document: Document, ours: Sequence[Document]) -> Document:
    """The document as if the system had named nobody in it."""
    named = document.get(parties.ATTRIBUTE)
    theirs = [party for party in named or () if party not in ours]
    if theirs == named:
        return document
    rest = {name: value for name, value in document.items() if name != parties.ATTRIBUTE}
    return rest | {parties.ATTRIBUTE: theirs} if theirs else rest


def _attachments(seen: Seen, shown: Document, document: Document) -> Entries:
    """Files are added, never changed; those that a patch leaves out stay."""
    return attaching.entries_of(
        document, shown.get(attaching.NAME, ()), [str(file.id) for file in seen.files]
    )


def _refuse(face: Face, names: set[str], wanted: Mapping[str, Any]) -> None:
    theirs = _SYSTEMS | (set(faces.EXTENSION) if face.version == 4 else set())
    if forbidden := sorted(names & theirs):
        raise AttributeNotWritable(f"{forbidden[0]} is given by the system.", pointer=f"/{forbidden[0]}")
    if removed := sorted(name for name in names & _NEEDED if name not in wanted):
        raise AttributeNotWritable(f"{removed[0]} cannot be removed.", pointer=f"/{removed[0]}")
    if "statusChangeReason" in names and "status" not in names:
        raise AttributeInvalid(
            "statusChangeReason goes with a change of status.", pointer="/statusChangeReason"
        )


async def _extension(case: Case) -> ExtensionRow:
    found = (await queries.extensions(case.session, [case.ticket.id])).get(case.ticket.id)
    if found is None:
        found = ExtensionRow(ticket_id=case.ticket.id, kept={}, notes={})
        case.session.add(found)
    return found


async def _notes(case: Case, shown: Document, wanted: Document) -> Document:
    """Notes are added, never changed; those that a patch leaves out stay."""
    texts = {note["id"]: note["text"] for note in shown.get("note", [])}
    added = []
    for place, note in enumerate(intake.notes_of(wanted)):
        known = texts.get(note.get("id", ""))
        if known is None:
            added.append(note)
        elif known != note["text"].strip():
            raise AttributeFixed("The text of a note cannot be changed.", pointer=f"/note/{place}/text")
    bounds.refuse_many_notes(len(added))
    return await write_notes(case, added)


async def _classify(case: Case, wanted: Document, names: set[str]) -> None:
    severity = words.severity_of(wanted["severity"]) if "severity" in names else None
    if severity is not None and severity is not case.ticket.severity:
        await tickets.classify(case, {"severity": severity}, reason=Unstated.NOT_STATED)


async def _amend(case: Case, wanted: Document, names: set[str], kept: set[str]) -> None:
    texts = names & {"name", "description"}
    if not (texts or kept):
        return
    # An attribute that the standard does not have may be named after anything, also after a person.
    public = {name if name in V5_TICKET.members else "other" for name in kept}
    await tickets.amend(
        case,
        subject=intake.subject_of(wanted) if "name" in texts else None,
        description=intake.text_of(wanted, "description") if "description" in texts else None,
        attributes=texts | public,
    )


async def _act(case: Case, current: TmfStatus, wanted: Document, names: set[str]) -> None:
    if "status" not in names:
        return
    said = wanted.get("statusChangeReason") if "statusChangeReason" in names else None
    note = (
        intake.text_of({"statusChangeReason": said}, "statusChangeReason", longest=10_000) if said else None
    )
    steps = statuses.steps(current, TmfStatus(wanted["status"]))
    for step in steps:
        _demand(case, step)
    for step in steps:
        await _ACTS[step.act](case, step, note)


def _demand(case: Case, step: Step) -> None:
    """The same scope as for the act at its own address."""
    scope = statuses.SCOPES.get(step.act)
    if scope is not None and not case.actor.may(scope):
        raise ScopeMissing(f"To {step.act} a ticket needs the scope {scope}.", scope=scope, pointer="/status")


async def _pause(case: Case, step: Step, note: str | None) -> None:
    assert step.reason is not None
    await tickets.pause(case, reason=step.reason, evidence=None, note=note)


async def _archive(case: Case, step: Step, note: str | None) -> None:  # noqa: ARG001
    if note:
        await tickets.add_note(case, text=note)
    await timers.cancel(case.session, tickets.FEEDBACK_TIMER, case.ticket.id)
    await tickets.archive(case, reason=ArchiveReason.CLOSED)


async def _resume(case: Case, step: Step, note: str | None) -> None:  # noqa: ARG001
    if note:
        await tickets.add_note(case, text=note)
    await tickets.resume(case)


_ACTS: Mapping[Act, Callable[[Case, Step, str | None], Awaitable[None]]] = {
    Act.RESPOND: lambda case, _, note: tickets.respond(case, note=note),
    Act.RESOLVE: lambda case, _, note: tickets.resolve(case, outcome=Outcome.SOLVED, note=note),
    Act.REOPEN: lambda case, _, note: tickets.reopen(
        case, reason=reasons.stated(ReopenReason, note), note=note
    ),
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.ARCHIVE: _archive,
    Act.REJECT: lambda case, _, note: tickets.reject(
        case, reason=reasons.stated(RejectReason, note), note=note
    ),
    Act.CANCEL: lambda case, _, note: tickets.cancel(
        case, reason=reasons.stated(CancelReason, note), note=note
    ),
}

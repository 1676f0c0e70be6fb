"""A ticket as a version of the interface shows it: the row, its clocks, its history and its notes, worked out anew each time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from careloop_ticketing.attachments.service import Attachment
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets.service import HistoryEntry, Note, Ticket
from careloop_ticketing.tmf621 import parties
from careloop_ticketing.tmf621.policy import attaching, faces, intake, statuses, words
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.intake import Settled
from careloop_ticketing.tmf621.policy.statuses import TmfStatus
from careloop_ticketing.vocabulary import Status

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a ticket."""

    ticket: Ticket
    watches: Watches
    history: Sequence[HistoryEntry]
    notes: Sequence[Note]
    files: Sequence[Attachment]
    kept: Document
    extras: Document
    """By the id of a note or a file."""


@dataclass(frozen=True, slots=True)
class Change:
    seq: int
    status: TmfStatus
    at: datetime
    reason: str


def changes(history: Iterable[HistoryEntry], texts: Mapping[str, str]) -> list[Change]:
    """How the status changed, oldest first, with what was written about it by the ids of the notes."""
    found: list[Change] = []
    waits_for: str | None = None
    for entry in history:
        if entry.fact == "paused":
            waits_for = entry.after.get("reason")
        if (stored := entry.after.get("status")) is None:
            continue
        status = statuses.shown(Status(stored), waits_for)
        if not found or found[-1].status is not status:
            said = texts.get(entry.after.get("note_id", "")) or entry.after.get("reason")
            reason = said or entry.after.get("outcome") or entry.fact
            found.append(Change(entry.seq, status, entry.at, reason))
    return found


def view(seen: Seen, face: Face) -> Document:
    """The resource, with every attribute that has a value."""
    history = changes(seen.history, {str(note.id): note.text for note in seen.notes})
    notes = [note_of(note, seen.extras, face) for note in seen.notes]
    return lasting(seen, face) | moving(history, notes, seen.history[-1].at, face)


def moving(
    history: Sequence[Change], notes: Sequence[Document], updated_at: datetime, face: Face
) -> Document:
    """The attributes that tell of steps."""
    document = {
        "lastUpdate": instant(updated_at),
        "status": history[-1].status.value,
        "statusChangeDate": instant(history[-1].at),
        "statusChangeReason": history[-1].reason,
        faces.HISTORY[face.version]: [_change(one, face) for one in history],
        "note": notes,
    }
    return {name: value for name, value in document.items() if value not in (None, [])}


def lasting(seen: Seen, face: Face) -> Document:
    """The attributes that do not depend on a step."""
    ticket, kept = seen.ticket, faces.as_written(face, _standing(seen.ticket, seen.kept))
    due = _due(seen.watches, Moment.RESOLVED)
    document = {
        "id": str(ticket.id),
        "href": face.href(faces.TICKET, ticket.id),
        "@type": "ComplaintTicket" if face.version == 4 else "TroubleTicket",
        **kept,
        parties.ATTRIBUTE: [*_named(seen, kept, face), *held(ticket, face)],
        "name": ticket.subject,
        "description": ticket.description,
        "severity": words.severity_shown(ticket.severity, kept.get("severity")),
        "ticketType": words.kind_shown(ticket.kind, kept.get("ticketType")),
        "creationDate": instant(ticket.opened_at),
        "expectedResolutionDate": instant(due),
        "resolutionDate": instant(ticket.resolved_at),
        "channel": kept.get("channel") or _typed(face, {"id": ticket.channel}, "ChannelRef"),
        attaching.NAME: [*kept.get(attaching.NAME, ()), *(_file(file, seen, face) for file in seen.files)],
        **_identifier(ticket, kept, face),
    }
    document |= _extension(seen, kept, face)
    return {name: value for name, value in document.items() if value not in (None, [])}


def _due(watches: Watches, moment: Moment) -> datetime | None:
    return min(
        (one.due_at for one in watches.values() if one.definition.promises is moment and one.due_at),
        default=None,
    )


def _typed(face: Face, document: Document, name: str) -> Document:
    return document | {"@type": name} if face.version == 5 else document


def _change(change: Change, face: Face) -> Document:
    if face.version == 4:
        return {
            "changeDate": instant(change.at),
            "changeReason": change.reason,
            "status": change.status.value,
        }
    return {
        "statusChangeDate": instant(change.at),
        "statusChangeReason": change.reason,
        "status": change.status.value,
        "@type": "StatusChange",
    }


def note_of(note: Note, extras: Document, face: Face) -> Document:
    said: Document = {"id": str(note.id), "author": note.author_id, "date": instant(note.written_at)}
    more: Document = extras.get(str(note.id), {})
    return _typed(face, said, "Note") | more | {"text": note.text}


def _file(file: Attachment, seen: Seen, face: Face) -> Document:
    address = face.attachment(file.ticket_id, file.id)
    return {
        **_typed(face, {"attachmentType": file.purpose.value}, "Attachment"),
        **seen.extras.get(str(file.id), {}),
        "id": str(file.id),
        "href": address,
        "mimeType": file.media_type,
        "name": file.name,
        "size": {"amount": file.size, "units": "bytes"},
        "url": f"{address}/content",
    }


def _standing(ticket: Ticket, kept: Document) -> Document:
    """What the client wrote, as far as it still holds: the channel and the customer may have been corrected since."""
    said, found = intake.settled(kept), dict(kept)
    if said.channel != ticket.channel:
        found.pop("channel", None)
    if parties.ATTRIBUTE in kept and not _is_of(ticket, said):
        found[parties.ATTRIBUTE] = [one for one in kept[parties.ATTRIBUTE] if not intake.is_customer(one)]
    return found


def _is_of(ticket: Ticket, said: Settled) -> bool:
    """Whether the ticket is of the customer whom its client named."""
    if said.customer_id is not None:
        return said.customer_id == ticket.customer_id
    if said.customer_reference is not None:
        # Its source is a guess where the client named none.
        return said.customer_reference[1] == ticket.customer_external_id
    return ticket.customer_id is None and ticket.customer_external_id is None


def _named(seen: Seen, kept: Document, face: Face) -> list[Document]:
    """Whom the client named; the customer that the store knows, for tickets which came in another way or are another's now."""
    ticket, named = seen.ticket, list(kept.get(parties.ATTRIBUTE, ()))
    identity = ticket.customer_id or ticket.customer_external_id
    if identity is None or (parties.ATTRIBUTE in kept and _is_of(ticket, intake.settled(seen.kept))):
        return named
    return [*named, _party(face, parties.CUSTOMER, str(identity), "Customer", "PartyRoleRef")]


def held(ticket: Ticket, face: Face) -> list[Document]:
    """Who works on it. The system alone writes them: a client that sends them back says nothing new."""
    agent, team = ticket.assignee_id, ticket.team
    return [
        *([_party(face, parties.OWNER, agent, "Individual", "PartyRef")] if agent else []),
        *([_party(face, parties.TEAM, team, "Organization", "PartyRef")] if team else []),
    ]


def _party(face: Face, role: str, identity: str, referred: str, kind: str) -> Document:
    who = {"id": identity, "@referredType": referred, "@type": kind}
    if face.version == 4:
        return {**who, "role": role}
    return {"role": role, "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": who}


def _identifier(ticket: Ticket, kept: Document, face: Face) -> Document:
    if ticket.external_ref is None or "externalIdentifier" in kept:
        return {}
    if face.version == 4:
        return {"externalId": ticket.external_ref}
    who = {"owner": ticket.source, "id": ticket.external_ref, "@type": "ExternalIdentifier"}
    return {"externalIdentifier": [who]}


def _extension(seen: Seen, kept: Document, face: Face) -> Document:
    ticket = seen.ticket
    values: Document = {
        "number": ticket.number,
        "tier": ticket.tier.value,
        "causeCategory": ticket.cause.value,
        "productCategory": ticket.product,
        "customerEmotion": ticket.emotion.value,
        "isVip": ticket.vip,
        "supportLevel": ticket.level.value,
        "responseDueDate": instant(_due(seen.watches, Moment.RESPONDED)),
        "resolutionDueDate": instant(_due(seen.watches, Moment.RESOLVED)),
    }
    if face.version == 4:
        return {"@schemaLocation": kept.get("@schemaLocation", faces.SCHEMA), **values}
    ours = [_characteristic(name, value) for name, value in values.items() if value is not None]
    return {"troubleTicketCharacteristic": [*kept.get("troubleTicketCharacteristic", []), *ours]}


def _characteristic(name: str, value: Any) -> Document:
    kind = "boolean" if isinstance(value, bool) else "string"
    return {"@type": f"{kind.capitalize()}Characteristic", "name": name, "valueType": kind, "value": value}


def instant(at: datetime | None) -> str | None:
    """As RFC 3339 writes it, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None

"""What a document says about the ticket that it opens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from careloop_ticketing.tmf621.errors import AttributeInvalid
from careloop_ticketing.tmf621.policy import words
from careloop_ticketing.vocabulary import Kind

SOURCE: Final = "tmf621"
"""Channel and source of a ticket that names none which we could use as a code."""
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
LONGEST_NAME: Final = 300
LONGEST_TEXT: Final = 20_000
LONGEST_NOTE: Final = 10_000
LONGEST_ID: Final = 100


@dataclass(frozen=True, slots=True)
class Settled:
    """What is settled once a ticket is open."""

    kind: Kind
    channel: str
    source: str
    external_ref: str | None
    customer_id: UUID | None
    customer_reference: tuple[str, str] | None


def settled(kept: Mapping[str, Any]) -> Settled:
    """From attributes as they are kept."""
    channel = _code(kept.get("channel", {}).get("id")) or SOURCE
    owner, external_ref = _identifier(kept.get("externalIdentifier") or [{}])
    source = owner or channel
    customer_id, reference = _customer(kept.get("relatedParty", ()), source)
    kind = words.kind_of(kept.get("ticketType", ""))
    return Settled(kind, channel, source, external_ref, customer_id, reference)


def _code(value: str | None) -> str | None:
    return value if value and is_code(value) else None


def is_code(value: str) -> bool:
    """Whether it can be a channel or a source of ours as it is."""
    return _CODE.fullmatch(value) is not None


def _identifier(identifiers: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    first = identifiers[0]
    if (given := first.get("id")) is None:
        return None, None
    return _code(first.get("owner")), _identity(given, "/externalIdentifier/0/id")


def _customer(parties: Any, source: str) -> tuple[UUID | None, tuple[str, str] | None]:
    """The customer among the related parties: our own id, `source:id`, or an id of the system that writes."""
    for place, party in enumerate(parties):
        identity = party.get("partyOrPartyRole", {}).get("id")
        if not is_customer(party) or not identity:
            continue
        identity = _identity(identity, f"/relatedParty/{place}")
        try:
            return UUID(identity), None
        except ValueError:
            named, colon, external_id = identity.partition(":")
            known = colon and external_id and _CODE.fullmatch(named)
            return None, (named, external_id) if known else (source, identity)
    return None, None


def is_customer(party: Mapping[str, Any]) -> bool:
    """Whether a related party, as it is kept, is meant to be the customer."""
    return str(party.get("role", "")).lower() == "customer"


def _identity(value: str, pointer: str) -> str:
    if not 0 < len(value.strip()) <= LONGEST_ID or _CONTROL.search(value):
        raise AttributeInvalid(
            f"1 to {LONGEST_ID} characters, none of them control characters.", pointer=pointer
        )
    return value.strip()


def text_of(document: Mapping[str, Any], name: str, *, longest: int = LONGEST_TEXT) -> str:
    """A text that fits into a ticket."""
    value = str(document[name]).strip()
    if len(value) > longest:
        raise AttributeInvalid(f"{name} may have {longest} characters.", pointer=f"/{name}")
    return value


def subject_of(document: Mapping[str, Any]) -> str:
    """The name, on one line; without one, the beginning of the description."""
    if given := _CONTROL.sub(" ", document.get("name") or "").strip():
        if len(given) > LONGEST_NAME:
            raise AttributeInvalid(f"name may have {LONGEST_NAME} characters.", pointer="/name")
        return given
    return _CONTROL.sub(" ", document.get("description") or "").strip()[:LONGEST_NAME].strip() or "-"


def notes_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The notes, each with a text."""
    found: list[dict[str, Any]] = document.get("note", [])
    for place, note in enumerate(found):
        if not 0 < len(note.get("text", "").strip()) <= LONGEST_NOTE:
            raise AttributeInvalid(
                f"A note has a text of 1 to {LONGEST_NOTE} characters.", pointer=f"/note/{place}/text"
            )
    return found

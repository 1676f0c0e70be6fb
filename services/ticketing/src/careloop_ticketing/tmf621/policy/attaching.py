"""Attachments in a document: files of the ticket, files that are to become such, and links, which are kept as written."""

import binascii
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from careloop_ticketing.attachments.policy.limits import MOST, Purpose
from careloop_ticketing.tmf621.errors import AttributeFixed, AttributeInvalid

Document = dict[str, Any]
NAME: Final = "attachment"
_SYSTEMS: Final = ("id", "href", "mimeType", "name", "size", "url")
"""What follows from the file."""
_PURPOSES: Final[Mapping[str, Purpose]] = {purpose.value: purpose for purpose in Purpose}


@dataclass(frozen=True, slots=True)
class Content:
    """A file that came inside of a document."""

    pointer: str
    data: bytes
    name: str | None
    claimed: str | None
    purpose: Purpose
    extras: Document


@dataclass(frozen=True, slots=True)
class Entries:
    """What a document says of attachments."""

    links: list[Document]
    new: list[Content]
    extras: dict[str, Document]
    """By the id of a file that the ticket has: what is said of it besides."""


def entries_of(
    document: Mapping[str, Any], shown: Sequence[Document] = (), files: Collection[str] = ()
) -> Entries:
    """Told apart: by the ids of the ticket's files, and by a content that was not shown."""
    found = Entries([], [], {})
    known = {one["id"]: one for one in shown if one.get("id") in files}
    for place, entry in enumerate(document.get(NAME, ())):
        pointer = f"/{NAME}/{place}"
        if entry.get("id") in known:
            _refuse_changed(known[entry["id"]], entry, pointer)
            found.extras[entry["id"]] = _extras(entry)
        elif entry.get("content") and entry not in shown:
            found.new.append(_content(entry, pointer))
        else:
            found.links.append(entry)
    if len(found.new) > MOST:
        raise AttributeInvalid(f"A ticket has {MOST} attachments at most.", pointer=f"/{NAME}")
    return found


def with_links(kept: Document, links: list[Document]) -> Document:
    """Attributes that are kept, with nothing but links for attachments."""
    return {name: value for name, value in {**kept, NAME: links}.items() if name != NAME or value}


def _refuse_changed(shown: Document, entry: Document, pointer: str) -> None:
    for name in ("content", *_SYSTEMS):
        if name in entry and entry[name] != shown.get(name):
            raise AttributeFixed("A file stays as it was attached.", pointer=f"{pointer}/{name}")


def _content(entry: Document, pointer: str) -> Content:
    try:
        data = b64decode("".join(entry["content"].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AttributeInvalid("content is not base64.", pointer=f"{pointer}/content") from error
    purpose = _PURPOSES.get(str(entry.get("attachmentType", "")).lower(), Purpose.OTHER)
    return Content(pointer, data, entry.get("name"), entry.get("mimeType"), purpose, _extras(entry))


def _extras(entry: Document) -> Document:
    return {name: value for name, value in entry.items() if name not in {"content", *_SYSTEMS}}

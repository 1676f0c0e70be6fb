"""How much of a ticket a notification carries: what changed and what is near to it. Who wants all of it reads the ticket."""

import json
from collections.abc import Iterable
from typing import Any, Final

Document = dict[str, Any]
NOTES: Final = 20
"""The newest ones, as of the change."""
STATUSES: Final = 20
LARGEST_ATTRIBUTES: Final = 64 * 1024
LARGEST_NOTES: Final = 40 * 1024
LARGEST: Final = 192 * 1024
"""Bytes of a notification."""
LONGEST_REASON: Final = 200
_STAYS: Final = frozenset({"id", "href", "@type"})


def size(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def attributes(document: Document) -> tuple[Document, list[str]]:
    """The attributes without the largest, until they fit; and which are left out."""
    sizes = {name: size(value) + len(name) for name, value in document.items()}
    found, left_out = dict(document), []
    total = sum(sizes.values())
    for name in sorted(sizes.keys() - _STAYS, key=lambda one: (-sizes[one], one)):
        if total <= LARGEST_ATTRIBUTES:
            break
        total -= sizes[name]
        left_out.append(name)
        del found[name]
    return found, sorted(left_out)


def notes(newest_first: Iterable[Document]) -> list[Document]:
    """The newest, as many as fit, oldest first. The very newest always does: a note has a length of its own."""
    found: list[Document] = []
    total = 0
    for note in newest_first:
        total += size(note)
        if len(found) == NOTES or (found and total > LARGEST_NOTES):
            break
        found.append(note)
    return found[::-1]


def reason(text: str) -> str:
    """The reason of a status, which may be a whole note; that one is carried as such."""
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"

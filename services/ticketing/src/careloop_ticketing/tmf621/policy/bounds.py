"""How much a document may say: what one request makes others work is bounded by what it may hold."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from careloop_ticketing.tmf621.errors import AttributeInvalid
from careloop_ticketing.tmf621.policy.excerpts import size
from careloop_ticketing.tmf621.policy.shapes import escaped

MOST_NOTES: Final = 50
"""New ones by one request."""
MOST_ENTRIES: Final = 100
"""Of any other list."""
LARGEST_KEPT: Final = 256 * 1024
"""Bytes of all that is kept beside a ticket."""
LARGEST_EXTRAS: Final = 4 * 1024
"""Bytes of what is said of a note besides its text, or of a file besides its content."""


def refuse_long_lists(document: Mapping[str, Any], *, but: Collection[str] = ()) -> None:
    """Lists of the first level; those inside of others count by their bytes."""
    for name, value in document.items():
        if isinstance(value, list) and len(value) > MOST_ENTRIES and name not in but:
            raise AttributeInvalid(
                f"A list may have {MOST_ENTRIES} entries.", pointer=f"/{escaped(name)}", limit=MOST_ENTRIES
            )


def refuse_many_notes(added: int) -> None:
    if added > MOST_NOTES:
        raise AttributeInvalid(f"One request may add {MOST_NOTES} notes.", pointer="/note", limit=MOST_NOTES)


def refuse_much(kept: Mapping[str, Any], extras: Mapping[str, Any]) -> None:
    """`AttributeInvalid` if it is more than is kept beside a ticket, or about one of its notes and files."""
    if size(kept) > LARGEST_KEPT:
        raise AttributeInvalid(
            f"All attributes together may have {LARGEST_KEPT} bytes.", pointer="", limit=LARGEST_KEPT
        )
    if any(size(one) > LARGEST_EXTRAS for one in extras.values()):
        raise AttributeInvalid(
            f"What is said of a note or a file may have {LARGEST_EXTRAS} bytes besides its text or content.",
            pointer="",
            limit=LARGEST_EXTRAS,
        )

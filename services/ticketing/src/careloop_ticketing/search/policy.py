"""Words by which texts are found.

Chinese, Japanese and Korean have no spaces, so every two neighbouring characters are a word: whatever is written in a
text, from two characters on, can be found in it. In all other scripts a word is a run of letters and digits, and is
found whole. Where both touch, as in 办5G卡, word and character together are one more word: `5G卡` needs no separate
entry for the single character, which half of all texts would share.

Width, case, accents, signs without width and traditional characters make no difference, nor do the groups in which a number is written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from careloop_ticketing.search.errors import SearchUnclear
from careloop_ticketing.search.plain import IDEOGRAPHS, joined, numbers, plain

LONGEST: Final = 64
"""Characters of a word that count: an index entry has a largest size."""
MARKER: Final = "#"
BLOCK: Final = 4096
"""Subjects that have a marker in common."""

_RUN: Final = re.compile(f"(?P<characters>[{IDEOGRAPHS}]+)|[^\\W_{IDEOGRAPHS}]+")


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    start: int
    end: int
    characters: bool
    """Whether every character is a syllable or a word by itself."""


def words_of(text: str) -> frozenset[str]:
    """What the text is found by."""
    searched = plain(text)
    return frozenset((*_words(_runs(searched)), *numbers(searched)))


def wanted(query: str) -> frozenset[str]:
    """What a text has to have, all of it; `SearchUnclear` if that does not cover what was asked for.

    Nothing is what no text has: signs, such as an emoji, are no words.
    """
    if not query.strip():
        raise SearchUnclear("There is no word to search for.", pointer="q")
    runs = _runs(joined(plain(query)))
    touching = {run for one, other in pairwise(runs) if _touch(one, other) for run in (one, other)}
    for run in runs:
        if run.characters and len(run.text) == 1 and run not in touching:
            detail = f"{run.text} is a single character: search for two or more that stand together."
            raise SearchUnclear(detail, pointer="q")
    return frozenset(_words(runs))


def marker(block: int) -> str:
    """An entry that all subjects of a block share; no word can be equal to it."""
    return f"{MARKER}{block}"


def _runs(searched: str) -> Sequence[_Run]:
    return [
        _Run(found.group(), found.start(), found.end(), found["characters"] is not None)
        for found in _RUN.finditer(searched)
    ]


def _words(runs: Sequence[_Run]) -> Iterator[str]:
    for run in runs:
        if run.characters:
            yield from map("".join, pairwise(run.text))
        else:
            yield run.text[:LONGEST]
    for one, other in pairwise(runs):
        if _touch(one, other):
            yield (
                one.text[-1] + other.text[:LONGEST] if one.characters else one.text[:LONGEST] + other.text[0]
            )


def _touch(one: _Run, other: _Run) -> bool:
    return one.end == other.start

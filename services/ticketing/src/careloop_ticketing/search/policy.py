"""Words by which texts are found.

Chinese, Japanese and Korean have no spaces, so every two neighbouring characters are a word: whatever is written in a
text, from two characters on, can be found in it. In all other scripts a word is a run of letters and digits, and is
found whole. Where both touch, as in 办5G卡, word and character together are one more word: `5G卡` needs no separate
entry for the single character, which half of all texts would share.

Width, case, accents, signs without width and traditional characters make no difference, nor do the groups in which a number is written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from careloop_ticketing.search.errors import SearchUnclear
from careloop_ticketing.search.plain import IDEOGRAPHS, is_telephone, joined, numbers, plain

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


_Border = tuple[_Run, _Run]


def words_of(text: str) -> frozenset[str]:
    """What the text is found by."""
    searched = plain(text)
    runs = _runs(searched)
    return frozenset((*_words(runs), *_across(_borders(runs)), *numbers(searched)))


def wanted(query: str) -> frozenset[str]:
    """What a text has to have, all of it; `SearchUnclear` if that does not cover what was asked for.

    Nothing is what no text has: signs, such as an emoji, are no words.
    """
    if not query.strip():
        raise SearchUnclear("There is no word to search for.", pointer="q")
    runs = _runs(joined(plain(query)))
    borders = _borders(runs)
    touching = {run for border in borders for run in border}
    for run in runs:
        if run.characters and len(run.text) == 1 and run not in touching:
            detail = f"{run.text} is a single character: search for two or more that stand together."
            raise SearchUnclear(detail, pointer="q")
    return frozenset((*_words(runs), *_across(border for border in borders if not _varies(*border))))


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


def _borders(runs: Sequence[_Run]) -> Sequence[_Border]:
    """Where characters and a word touch."""
    return [(one, other) for one, other in pairwise(runs) if one.end == other.start]


def _across(borders: Iterable[_Border]) -> Iterator[str]:
    for one, other in borders:
        yield one.text[-1] + other.text[:LONGEST] if one.characters else one.text[:LONGEST] + other.text[0]


def _varies(one: _Run, other: _Run) -> bool:
    """Whether a text may have other digits there: a number that it has in groups, beside characters that are words."""
    return (is_telephone(one.text) or is_telephone(other.text)) and min(len(one.text), len(other.text)) > 1

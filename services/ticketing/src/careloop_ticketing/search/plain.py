"""Texts as they are searched: without regard to case, width, accents and the two ways of writing Chinese characters."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from careloop_ticketing.search.characters import SIMPLIFIED

IDEOGRAPHS: Final = "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
"""Characters that are a syllable or a word by themselves, as they stand in a set of a regular expression."""
_UNSEEN: Final = re.compile("[\u00ad\u0300-\u036f\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+")
"""Accents that a decomposition leaves behind, and signs without width, which come with what is pasted (零宽字符).

The marks of Japanese and other scripts, which make other letters, are none.
"""
_NUMBER: Final = re.compile(r"\d+(?:[ ./()\-]{1,3}\d+)+", re.ASCII)
"""Digits in groups, as telephone numbers are written."""
_GROUPS: Final = re.compile(r"\d+", re.ASCII)
_MOST_GROUPS: Final = 6
"""Groups that a number is put together of, from each group on: somebody may ask without the country code."""
_DIGITS: Final = range(7, 16)
"""As many as telephone numbers have."""
_WRITTEN_APART: Final = re.compile(
    r"(?:\+\d[\d ./()\-]{6,22}\d|\(?0\d{2,3}\)?[ \-]\d{3,4}[ \-]?\d{4}|1\d{2} \d{4} \d{4}|\d+(?:[./()\-]{1,2}\d+)+)(?!\d)",
    re.ASCII,
)
"""A number that somebody asks for in groups: with a plus, as a fixed or a mobile line is written, or without spaces."""
_IN_A_WORD: Final = re.compile(f"[^\\W_{IDEOGRAPHS}]")
_CHINESE_MOBILE: Final = re.compile(
    f"(?<![^\\W_{IDEOGRAPHS}])(?:00)?86(1[3-9][0-9]{{9}})(?![^\\W_{IDEOGRAPHS}])"
)
"""Not within a longer number, such as that of a device (IMEI)."""


def plain(text: str) -> str:
    """The text as it is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return folded
    bare = _UNSEEN.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare).translate(SIMPLIFIED)


def numbers(text: str) -> Iterator[str]:
    """Numbers of a plain text that stand there in groups, however somebody else may group them, or within words."""
    for number in filter(is_telephone, (*_together(text), *_GROUPS.findall(text))):
        yield number
        if home := _CHINESE_MOBILE.fullmatch(number):
            yield home[1]


def _together(text: str) -> Iterator[str]:
    for found in _NUMBER.finditer(text):
        groups = _GROUPS.findall(found.group())
        for first in range(len(groups)):
            for many in range(2, min(_MOST_GROUPS, len(groups) - first) + 1):
                yield "".join(groups[first : first + many])


def joined(query: str) -> str:
    """A plain query with the numbers that it has in groups written in one piece, the country code of China left out.

    They stand alone: what is beside such a number touches other digits where it is grouped otherwise.
    """
    return _CHINESE_MOBILE.sub(r" \1 ", _WRITTEN_APART.sub(_in_one_piece, query))


def _in_one_piece(found: re.Match[str]) -> str:
    digits = "".join(_GROUPS.findall(found.group()))
    beside = (
        found.string[max(0, found.start() - 1) : found.start()],
        found.string[found.end() : found.end() + 1],
    )
    # What letters or digits touch, as in 1024/2048MB, is a part of a word.
    alone = not any(map(_IN_A_WORD.match, beside))
    return f" {digits} " if alone and digits in set(numbers(found.group())) else found.group()


def is_telephone(word: str) -> bool:
    """Whether a word may be a telephone number, which a text has in groups or not."""
    return word.isascii() and word.isdigit() and len(word) in _DIGITS

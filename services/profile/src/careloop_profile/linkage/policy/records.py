"""What of a customer is compared: values in one spelling each."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from careloop_profile.identifiers.policy import comparable_name
from careloop_profile.identifiers.policy.text import clean, is_placeholder

Spelling = Literal["name", "words", "date", "code", "line"]
SPELLINGS: Final[tuple[Spelling, ...]] = get_args(Spelling)

_MARKS: Final = re.compile(r"['’`´]")
_BETWEEN_WORDS: Final = re.compile(r"[^\w]+|_")
_DATE: Final = re.compile(r"(\d{4})[-/.]?(\d\d)[-/.]?(\d\d)")


@dataclass(frozen=True, slots=True)
class Record:
    """A customer as it is compared; `frequencies` are of those values that are common."""

    values: Mapping[str, str]
    frequencies: Mapping[str, float] = field(default_factory=dict)

    def without(self, fields: Collection[str]) -> "Record":
        return Record(
            {name: value for name, value in self.values.items() if name not in fields}, self.frequencies
        )


def spelled(spelling: Spelling, raw: str) -> str | None:
    """The one spelling of a value; None for what says nothing."""
    text = clean(raw)
    if is_placeholder(text):
        return None
    return _WAYS[spelling](text) or None


def _plain(text: str) -> str:
    """In small letters without accents: é, è and e are one letter to whoever types names."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.lower())
    return unicodedata.normalize("NFC", "".join(char for char in apart if not unicodedata.combining(char)))


def _name(text: str) -> str | None:
    return comparable_name(_plain(text))


def _words(text: str) -> str:
    return _BETWEEN_WORDS.sub(" ", _MARKS.sub("", _plain(text))).strip()


def _date(text: str) -> str | None:
    """A day that does not exist stays as it was typed: one digit of it may be wrong."""
    found = _DATE.fullmatch(text)
    return "-".join(found.groups()) if found and found[1] != "0000" else None


def _code(text: str) -> str:
    return "".join(filter(str.isalnum, _plain(text)))


_WAYS: Final[Mapping[Spelling, Callable[[str], str | None]]] = {
    "name": _name,
    "words": _words,
    "date": _date,
    "code": _code,
    "line": _plain,
}


def blocks(keys: Iterable[Sequence[str]], values: Mapping[str, str]) -> list[str]:
    """What a record is found by: one text per key all parts of which the record has.

    A part is a field, whole or the first or last characters of it: `name`, `birth_date:4`, `phone:-7`.
    """
    found = []
    for key in keys:
        parts = [part_of(part, values) for part in key]
        if all(parts):
            found.append("\0".join(("+".join(key), *filter(None, parts))))
    return found


def part_of(part: str, values: Mapping[str, str]) -> str | None:
    name, length = split_part(part)
    value = values.get(name)
    if value is None or not length:
        return value
    return value[:length] if length > 0 else value[length:]


def split_part(part: str) -> tuple[str, int]:
    """The field, and how many characters of it: 0 for all."""
    name, _, length = part.partition(":")
    return name, int(length or 0)

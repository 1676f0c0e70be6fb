"""Text to tokens."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from careloop_common.rules.errors import RuleError
from careloop_common.rules.limits import MAX_TEXT, check_text


class Sort(Enum):
    """Sorts of tokens."""

    NUMBER = auto()
    TEXT = auto()
    NAME = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` is as written, but for a text value, which is what it means. Columns start at 1."""

    sort: Sort
    text: str
    column: int

    def __str__(self) -> str:
        """As messages name it."""
        return {Sort.END: "the end", Sort.TEXT: "a text value"}.get(self.sort, f"'{self.text[:40]}'")


_TOKEN = re.compile(
    r"""
      (?P<space>  [ \t\r\n]+ )
    | (?P<number> [0-9]+ (?:\.[0-9]+)? (?:[eE][+-]?[0-9]+)? )
    | (?P<name>   [A-Za-z_][A-Za-z0-9_]* )
    | (?P<quote>  ["'] )
    | (?P<sign>   && | \|\| | == | != | <= | >= | [<>!+\-*/(),.\[\]] )
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"""[^"'\\\r\n]+""")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPES |= {char: char for char in "\\\"'`?"}
_CODES = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2})")
_OCTAL = 4
_INSTEAD = {"=": "==", "&": "&&", "|": "||", "%": "nothing: there is no remainder", "“": '"', "”": '"'}
_INSTEAD |= {"‘": "'", "’": "'", "≥": ">=", "≤": "<=", "≠": "!="}


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text`, ended by one of sort END; `RuleError` where there is none."""
    if len(text) > MAX_TEXT:
        raise RuleError.at(MAX_TEXT + 1, f"the rule has more than {MAX_TEXT} characters")
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise _unknown(text[position], position + 1)
        start, position = position, found.end()
        if found.lastgroup == "quote":
            value, position = _text(text, start)
            yield Token(Sort.TEXT, value, start + 1)
        elif found.lastgroup == "number":
            _check_end(text, position)
            yield Token(Sort.NUMBER, found[0], start + 1)
        elif found.lastgroup != "space":
            yield Token(Sort.NAME if found.lastgroup == "name" else Sort.SIGN, found[0], start + 1)
    yield Token(Sort.END, "", len(text) + 1)


def _unknown(char: str, column: int) -> RuleError:
    plain = _INSTEAD.get(char) or unicodedata.normalize("NFKC", char)
    instead = f"; write {_INSTEAD.get(plain, plain)}" if plain != char or char in _INSTEAD else ""
    return RuleError.at(column, f"{char!r} means nothing here{instead}")


def _check_end(text: str, position: int) -> None:
    if position < len(text) and (text[position].isalnum() or text[position] in "_."):
        raise RuleError.at(position + 1, f"{text[position]!r} cannot follow a number")


def _text(text: str, start: int) -> tuple[str, int]:
    """The text value that begins with the quote at `start`, and the position after it."""
    quote, position = text[start], start + 1
    parts: list[str] = []
    while position < len(text) and text[position] not in "\r\n":
        char = text[position]
        if char == quote:
            return check_text("".join(parts), start + 1), position + 1
        if char == "\\":
            part, position = _escape(text, position)
        elif plain := _PLAIN.match(text, position):
            part, position = plain[0], plain.end()
        else:
            part, position = char, position + 1
        parts.append(part)
    raise RuleError.at(start + 1, "the text value does not end")


def _escape(text: str, start: int) -> tuple[str, int]:
    char = text[start + 1 : start + 2]
    if char in _ESCAPES:
        return _ESCAPES[char], start + 2
    if found := _CODES.match(text, start + 1):
        code = int(found[found.lastindex or 0], 8 if found.lastindex == _OCTAL else 16)
        if code <= 0x10FFFF:
            return chr(code), found.end()
    raise RuleError.at(start + 1, f"'\\{char}' is no escape sequence")

"""Header fields as senders write them: encoded words, parameters, addresses, dates. What cannot be read is left as it is."""

import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from careloop_ticketing.mail.policy.charsets import cleaned, text_of

LONGEST: Final = 10_000
"""Bytes of a field that are looked at."""
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")
_WORDS: Final = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=(?:\s+(?==\?[^?\s]{1,80}\?[bBqQ]\?))?")
_PARAMETER: Final = re.compile(r';\s*([^=;\s"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_EXTENDED: Final = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_ANGLE: Final = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")
_BARE: Final = re.compile(r"[^<>\s@,;:()\"]{1,64}@[^<>\s@,;:()\"]{1,255}")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{3,500}>")


def fields(*names: str) -> re.Pattern[bytes]:
    """What finds the fields of these names in a head that is unfolded."""
    found = b"|".join(re.escape(name.encode()) for name in names)
    return re.compile(rb"^(" + found + rb")[ \t]*:([^\n]*)", re.IGNORECASE | re.MULTILINE)


class Headers:
    """The fields of a part by their names in lower case, decoded where somebody asks for them."""

    def __init__(self, block: bytes, known: re.Pattern[bytes]) -> None:
        self._fields: dict[str, list[bytes]] = {}
        for found in known.finditer(_FOLD.sub(b"", block)):
            self._fields.setdefault(found[1].lower().decode(), []).append(found[2][:LONGEST])

    def __bool__(self) -> bool:
        return bool(self._fields)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def first(self, name: str) -> str:
        """The uppermost field of this name; nothing, where there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> Iterator[str]:
        return (cleaned(text_of(value)).strip() for value in self._fields.get(name, ()))


def words(value: str) -> str:
    """The text of encoded words (RFC 2047), also of those that cut a character in two."""
    found: list[str] = []
    place, open_charset, pending = 0, "", b""
    for word in _WORDS.finditer(value):
        charset = word[1].partition("*")[0].lower()
        if pending and (word.start() > place or charset != open_charset):
            found.append(text_of(pending, open_charset))
            pending = b""
        found.append(value[place : word.start()])
        pending, open_charset, place = pending + _word(word[2], word[3]), charset, word.end()
    if pending:
        found.append(text_of(pending, open_charset))
    return cleaned("".join(found) + value[place:])


def _word(encoding: str, content: str) -> bytes:
    data = content.encode("utf-8", "replace")
    if encoding in "bB":
        return base64(data)
    return binascii.a2b_qp(data, header=True)


def base64(data: bytes) -> bytes:
    """What can be read of it: characters that do not belong there are passed over, and what is cut off is left out."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        whole = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def valued(value: str) -> tuple[str, Mapping[str, str]]:
    """The word at the beginning, in lower case, and the parameters behind it, also in pieces and encoded (RFC 2231)."""
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for found in _PARAMETER.finditer(value):
        given = found[2].strip()
        plain = re.sub(r"\\(.)", r"\1", given[1:-1]) if given.startswith('"') and len(given) > 1 else given
        if name := _EXTENDED.fullmatch(found[1].lower()):
            mine, place, encoded = pieces.setdefault(name[1], {}), int(name[2] or 0), bool(name[3])
            if encoded or place not in mine:
                mine[place] = encoded, plain
    return value.partition(";")[0].strip().lower(), {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: Mapping[int, tuple[bool, str]]) -> str:
    ordered = [parts[place] for place in sorted(parts)]
    if not any(encoded for encoded, _ in ordered):
        return words("".join(text for _, text in ordered))
    charset, first = "", ordered[0][1]
    if first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    texts = [(ordered[0][0], first), *ordered[1:]]
    return cleaned(text_of(b"".join(_bytes(text, encoded=encoded) for encoded, text in texts), charset))


def _bytes(text: str, *, encoded: bool) -> bytes:
    return unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")


def address(value: str) -> str | None:
    """The address of a field with one, in lower case; never what only the name in front of it looks like."""
    bare = _QUOTED.sub("", value)
    found = _ANGLE.findall(bare) or _BARE.findall(bare)
    return found[-1].lower().strip(".") if found else None


def addresses(value: str) -> list[str]:
    """All that look like one."""
    return [found.lower() for found in _BARE.findall(value)]


def message_ids(value: str) -> list[str]:
    """All of them, also where a program took a long one for words to be encoded."""
    return _MESSAGE_ID.findall(words(value))


def date(value: str) -> datetime | None:
    """A date (RFC 5322) in UTC, if it is one."""
    try:
        found = parsedate_to_datetime(value[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None

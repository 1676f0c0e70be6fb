"""Cutting a delimited file into records without trusting it.

Works on bytes, since the file may be resumed at any record and quotes, delimiters and line ends are the same bytes in
UTF-8 and GB18030. A record is never larger than `MAX_RECORD`, whatever quotes are missing: after an error reading
goes on at the next line.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MAX_RECORD = 1 << 20
MAX_SEARCH = 16 << 20
"""How far the end of a quoted cell is looked for before the quote is taken for a mistake."""
MAX_COLUMNS = 1000


class Flaw(StrEnum):
    """Why a record cannot be read. The codes appear in reports, so they are stable."""

    RECORD_TOO_LARGE = "record_too_large"
    CELL_TOO_LARGE = "cell_too_large"
    UNTERMINATED_QUOTE = "unterminated_quote"
    NUL = "nul_character"
    ENCODING = "wrong_encoding"
    RAGGED = "ragged_row"
    MALFORMED = "malformed_record"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: where it starts, and its bytes or its flaw."""

    line: int
    raw: bytes = b""
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on: a byte of the file, the line it is on, and whether the rest of that line is refuse."""

    offset: int = 0
    line: int = 1
    skipping: bool = False


class _MoreNeeded(Exception):
    """The end of the record lies behind the buffer."""


def split(
    buffer: bytes, place: Place, *, delimiter: bytes, newline: bytes = b"\n", final: bool
) -> Iterator[tuple[Record | None, Place]]:
    """The records of `buffer`, which starts at `place`, each with the place behind it.

    Ends where the buffer does, or before a record that goes on behind it. None stands for bytes passed over.
    """
    stops = re.compile(b"[" + re.escape(delimiter + newline) + b"]")
    position, start, line, skipping = 0, place.offset, place.line, place.skipping
    while position < len(buffer):
        if skipping:
            found = buffer.find(newline, position)
            position = len(buffer) if found < 0 else found + 1
            skipping = found < 0
            line += not skipping
            yield None, Place(start + position, line, skipping)
            continue
        try:
            record, position, lines, skipping = _one(buffer, position, line, stops, newline, final=final)
        except _MoreNeeded:
            return
        line += lines
        yield record, Place(start + position, line, skipping)


def _one(
    buffer: bytes, position: int, line: int, stops: re.Pattern[bytes], newline: bytes, *, final: bool
) -> tuple[Record | None, int, int, bool]:
    """The record at `position`, the position behind it, how many lines it spans, and whether to skip after it."""
    try:
        end = _end(buffer, position, stops, newline)
    except _MoreNeeded:
        return _unended(buffer, position, line, newline, final=final)
    raw = buffer[position:end]
    lines = raw.count(newline) + 1
    if len(raw) > MAX_RECORD:
        return Record(line, flaw=Flaw.RECORD_TOO_LARGE), end + 1, lines, False
    stripped = raw.removesuffix(b"\r")
    return (Record(line, stripped) if stripped.strip() else None), end + 1, lines, False


def _end(buffer: bytes, position: int, stops: re.Pattern[bytes], newline: bytes) -> int:
    """Index of the newline that ends the record: the first one that no quoted cell contains."""
    first = buffer.find(newline, position)
    if first >= 0 and buffer.find(b'"', position, first) < 0:
        return first
    while True:
        if buffer[position : position + 1] == b'"':
            position = _closing_quote(buffer, position + 1) + 1
        stop = stops.search(buffer, position)
        if stop is None:
            raise _MoreNeeded
        if stop[0] == newline:
            return stop.start()
        position = stop.end()


def _closing_quote(buffer: bytes, position: int) -> int:
    while True:
        found = buffer.find(b'"', position)
        if found < 0:
            raise _MoreNeeded
        if buffer[found + 1 : found + 2] != b'"':
            return found
        position = found + 2


def _unended(
    buffer: bytes, position: int, line: int, newline: bytes, *, final: bool
) -> tuple[Record | None, int, int, bool]:
    rest = len(buffer) - position
    first = buffer.find(newline, position)
    if final and first < 0:
        return _last(buffer, position, line)
    if not final and rest <= MAX_SEARCH:
        raise _MoreNeeded
    if first < 0:
        return Record(line, flaw=Flaw.RECORD_TOO_LARGE), len(buffer), 0, True
    return Record(line, flaw=Flaw.UNTERMINATED_QUOTE), first + 1, 1, False


def _last(buffer: bytes, position: int, line: int) -> tuple[Record | None, int, int, bool]:
    """The last line of a file that does not end with a newline."""
    raw = buffer[position:].removesuffix(b"\r")
    if len(raw) > MAX_RECORD:
        return Record(line, flaw=Flaw.RECORD_TOO_LARGE), len(buffer), 1, False
    return (Record(line, raw) if raw.strip() else None), len(buffer), 1, False


def cells(raw: bytes, *, encoding: str, delimiter: str) -> list[str] | Flaw:
    """The cells of a record. A byte order mark may stand before any: files are put together of files."""
    if b"\0" in raw:
        return Flaw.NUL
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return Flaw.ENCODING
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=False))
    except csv.Error as error:
        return Flaw.CELL_TOO_LARGE if "field limit" in str(error) else Flaw.MALFORMED
    if len(rows) != 1 or len(rows[0]) > MAX_COLUMNS:
        return Flaw.MALFORMED
    return rows[0]

"""A delimited file of somebody else's, read without trusting it: a row that cannot be read costs nothing but itself."""

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from careloop_local.errors import LocalError

LARGEST_FILE = 256 << 20
LONGEST_RECORD = 1_000
"""Lines that a quoted cell may span before its quote is taken for a mistake."""
ENCODINGS = ("utf-8", "gb18030")
_DELIMITERS = (",", "\t", ";", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNDECODED = frozenset(map(chr, range(0xDC80, 0xDD00)))


class Unreadable(LocalError):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is left out: the line on which it starts, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Table:
    """The rows of a file by the names in its header, each with the line on which it starts."""

    header: Sequence[str]
    encoding: str
    rows: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def read(path: Path) -> Table:
    """All of the file; the reasons of what is left out are those of imports."""
    data = _bytes(path)
    newline = b"\r" if b"\n" not in data and b"\r" in data else b"\n"
    encoding = next((name for name in ENCODINGS if _fits(data, name)), ENCODINGS[0])
    lines = [line.decode(encoding, "surrogateescape") for line in data.split(newline)]
    delimiter = max(_DELIMITERS, key=lines[0].count)
    records = _records(lines, delimiter)
    _, first = next(records, (1, []))
    if isinstance(first, str):
        raise Unreadable(f"{path.name}: the header cannot be read: {first}")
    table = Table([name.strip() for name in first], encoding)
    for line, cells in records:
        if isinstance(cells, str):
            table.rejects.append(Reject(line, cells))
        elif len(cells) != len(table.header):
            table.rejects.append(Reject(line, "ragged_row"))
        else:
            table.rows.append((line, dict(zip(table.header, cells, strict=True))))
    return table


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"{path.name} is larger than {LARGEST_FILE >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    if data.startswith(_UTF16):
        raise Unreadable(f"{path.name} is UTF-16; save it as UTF-8")
    return data.removeprefix(codecs.BOM_UTF8)


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Each record by its first line: its cells, or why there are none; after a mistake reading goes on at the next line."""
    start = 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        cells, used = _record(lines, start, delimiter)
        yield start + 1, cells
        start += used


def _record(lines: Sequence[str], start: int, delimiter: str) -> tuple[list[str] | str, int]:
    end = min(len(lines), start + LONGEST_RECORD)
    reader = csv.reader((f"{lines[at]}\n" for at in range(start, end)), delimiter=delimiter)
    try:
        cells = next(reader)
    except csv.Error as error:
        return ("cell_too_large" if "field limit" in str(error) else "malformed_record"), 1
    if reader.line_num > 1 and start + reader.line_num == end and not _ends(lines[start:end], delimiter):
        return "unterminated_quote", 1
    text = "".join(cells)
    if "\0" in text:
        return "nul_character", reader.line_num
    if not _UNDECODED.isdisjoint(text):
        return "wrong_encoding", reader.line_num
    return cells, reader.line_num


def _ends(lines: Sequence[str], delimiter: str) -> bool:
    """Whether the last quote of these lines is closed."""
    try:
        return bool(next(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)))
    except csv.Error:
        return False

"""What kind of text file this is."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

_DELIMITERS = (",", "\t", ";", "|")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ENCODINGS = ("utf-8", "gb18030")


class Undecodable(ValueError):
    """The file is in an encoding that is not read here."""


@dataclass(frozen=True, slots=True)
class Dialect:
    encoding: str
    delimiter: str = ","
    newline: str = "\n"


def skip_mark(beginning: bytes) -> int:
    """How many bytes a byte order mark takes."""
    if beginning.startswith(_UTF16):
        raise Undecodable("The file is UTF-16; save it as UTF-8.")
    return len(codecs.BOM_UTF8) if beginning.startswith(codecs.BOM_UTF8) else 0


class EncodingProbe:
    """Watches a whole file go by and says which encodings it can be."""

    def __init__(self) -> None:
        self._decoders = {name: codecs.getincrementaldecoder(name)("strict") for name in ENCODINGS}
        self._faults = dict.fromkeys(ENCODINGS, 0)

    def feed(self, data: bytes, *, final: bool = False) -> None:
        for name, decoder in self._decoders.items():
            if not self._faults[name]:
                try:
                    decoder.decode(data, final)
                except UnicodeDecodeError:
                    self._faults[name] += 1

    def verdict(self) -> str:
        """UTF-8 where it fits, since hardly any other text looks like it; in doubt too: bad records are reported."""
        fitting = [name for name in ENCODINGS if not self._faults[name]]
        return fitting[0] if fitting else "utf-8"


def dialect_of(beginning: bytes, encoding: str) -> Dialect:
    """Delimiter and line ends from the beginning of the file, past its byte order mark."""
    newline = "\r" if b"\n" not in beginning and b"\r" in beginning else "\n"
    header = beginning.split(newline.encode(), 1)[0]
    counts = {mark: header.count(mark.encode()) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: counts[mark])
    return Dialect(encoding, best if counts[best] else ",", newline)


def header_names(raw: Iterable[str]) -> list[str]:
    """Column names as mappings use them; a column without one is named by its place."""
    names = [name.strip().strip("\ufeff") for name in raw]
    return [name or f"column_{place}" for place, name in enumerate(names, start=1)]

"""Whether a file that begins like a type is built like one, up to its end. What is in the picture nobody looks at here."""

import re
from typing import Final

from careloop_ticketing.attachments.policy.file import HEAD, PIECE, File, tail

_OPEN: Final = 0xFFFFFFFF
"""A length that whoever streamed a recording did not know yet."""
_RIFF: Final = 12
_CHANNELS: Final = range(1, 33)
_RATES: Final = range(1000, 768_001)
_WEBP: Final = re.compile(rb"VP8 .{3}\x9d\x01\x2a|VP8L\x2f|VP8X.{9}", re.DOTALL)

_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG that say how large the picture is."""
_SCAN: Final = 0xDA
_STANDALONE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xDA)})
_JPEG_END: Final = b"\xff\xd9"
_BEHIND_PHOTOS: Final = re.compile(rb"\0*(?:\xff\xd8\xff|.{4}ftyp|..\x30\x0aMotionPhoto)", re.DOTALL)
"""What telephones put behind a photo: a second one, or a short film."""

_MOST_BLOCKS: Final = 400_000
_MOST_CHUNKS: Final = 1000
_MOST_FILLING: Final = 1000
_SPEECH: Final = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, None, None, None, 0)
_SPEECH_WIDE: Final = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, None, None, None, None, 0, 0)
"""By type of an AMR frame, the bytes behind its first one."""

_OBJECT: Final = re.compile(rb"(?<!\d)\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b")
_PDF_TABLE: Final = re.compile(rb"\bxref\b|\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b")
_PDF_END: Final = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF")


class _Ended(Exception):
    """The file ends where more has to follow."""


class _Walk:
    """Reads a file forwards, a piece at a time."""

    def __init__(self, file: File, at: int) -> None:
        self.at = at
        self._file = file
        self._start, self._piece = at, b""

    def take(self, length: int) -> bytes:
        place = self.at - self._start
        if place + length > len(self._piece):
            self._start, self._piece, place = self.at, self._file.read(self.at, max(length, PIECE)), 0
        found = self._piece[place : place + length]
        if len(found) < length:
            raise _Ended
        self.at += length
        return found

    def number(self) -> int:
        return self.take(1)[0]


def jpeg(file: File) -> bool:
    """Segments up to the scan, one of them with the size of the picture, and an end."""
    walk, sized = _Walk(file, 2), False
    left = _MOST_CHUNKS
    try:
        while (marker := _marker(walk)) != _SCAN:
            left -= 1
            if marker in _STANDALONE or not left:
                return False
            sized = sized or marker in _FRAME
            length = int.from_bytes(walk.take(2))
            if length < 2:
                return False
            walk.at += length - 2
    except _Ended:
        return False
    return sized and _scan_ends(file, walk.at)


def _marker(walk: _Walk) -> int:
    if walk.number() != 0xFF:
        raise _Ended
    for _ in range(_MOST_FILLING):
        if (marker := walk.number()) != 0xFF:
            return marker
    raise _Ended


def _scan_ends(file: File, start: int) -> bool:
    """Whether the end of the picture is that of the file, or what a telephone puts there follows."""
    if tail(file, HEAD).rstrip(b"\0").endswith(_JPEG_END):
        return True
    for offset in range(start, file.size, PIECE):
        place = file.read(offset, PIECE + 1).find(_JPEG_END)
        if place >= 0:
            return _BEHIND_PHOTOS.match(file.read(offset + place + 2, HEAD)) is not None
    return False


def gif(file: File) -> bool:
    """A screen with a size, and blocks that lead to the trailer at the end."""
    walk = _Walk(file, 6)
    try:
        screen = walk.take(7)
        walk.at += _colours(screen[4])
        return any(screen[:2]) and any(screen[2:4]) and _blocks_end(walk, file)
    except _Ended:
        return False


def _blocks_end(walk: _Walk, file: File) -> bool:
    pictures, left = 0, _MOST_BLOCKS
    while (kind := walk.number()) != 0x3B:
        if kind not in {0x21, 0x2C}:
            return False
        if kind == 0x2C:
            pictures += 1
            image = walk.take(9)
            walk.at += _colours(image[8])
        walk.at += 1  # the label of an extension, or the least size of a code
        while length := walk.number():
            walk.at += length
            left -= 1
            if not left:
                return False
    return pictures > 0 and not file.read(walk.at, PIECE).strip(b"\0")


def _colours(flags: int) -> int:
    """The bytes of the table of colours that follows, if one does."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def webp(file: File) -> bool:
    chunks = _chunks(file)
    return bool(chunks) and _WEBP.match(file.read(_RIFF, 4) + file.read(_RIFF + 8, 10)) is not None


def wav(file: File) -> bool:
    """A format that can be played, before the sound."""
    chunks = _chunks(file)
    if chunks is None or b"data" not in chunks or chunks.get(b"fmt ", file.size) > chunks[b"data"]:
        return False
    head = file.read(chunks[b"fmt "], 24)
    size, channels, rate = (
        int.from_bytes(head[4:8], "little"),
        int.from_bytes(head[10:12], "little"),
        head[12:16],
    )
    return size >= 16 and channels in _CHANNELS and int.from_bytes(rate, "little") in _RATES


def _chunks(file: File) -> dict[bytes, int] | None:
    """Where the first chunk of each kind is; nothing if they do not fill the file."""
    stated = int.from_bytes(file.read(4, 4), "little")
    if stated != _OPEN and stated + 8 not in {file.size, file.size - 1}:
        return None
    found: dict[bytes, int] = {}
    place = _RIFF
    for _ in range(_MOST_CHUNKS):
        header = file.read(place, 8)
        if len(header) < 8 or not (header[:4].isascii() and header[:4].decode("ascii").isprintable()):
            return None
        found.setdefault(header[:4], place)
        length = int.from_bytes(header[4:], "little")
        place += 8 + length + length % 2
        if place in {file.size, file.size + 1} or (stated == _OPEN and length == _OPEN):
            return found
    return None


def speech(file: File, start: int, *, wide: bool) -> bool:
    """AMR: frames one after another, as far as the first piece of them goes."""
    held = file.read(start, PIECE)
    lengths, place = _SPEECH_WIDE if wide else _SPEECH, 0
    while place < len(held):
        length = lengths[held[place] >> 3 & 15]
        if held[place] & 0x83 or length is None:
            return False
        place += 1 + length
    return place > 0 and start + place <= file.size


def pdf(file: File) -> bool:
    """Objects, and an end that says where they are listed."""
    ends = _PDF_END.findall(tail(file, HEAD))
    if not ends or not _OBJECT.search(file.read(0, PIECE)):
        return False
    # Some programs count a few bytes wrongly, and every reader forgives it.
    return _PDF_TABLE.search(file.read(max(0, int(ends[-1]) - 16), 64)) is not None

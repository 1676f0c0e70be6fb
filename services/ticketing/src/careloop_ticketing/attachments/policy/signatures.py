"""What files of each type look like: their beginning and, where the beginning says little, what has to follow it."""

import re
from collections.abc import Iterator
from typing import Final

from careloop_ticketing.attachments.policy import structure
from careloop_ticketing.attachments.policy.file import HEAD, PIECE, File, tail

_PNG: Final = re.compile(rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG: Final = re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")
_GIF: Final = re.compile(rb"GIF8[79]a(?!\0\0\0\0)")
_WEBP: Final = re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL)
_PDF: Final = re.compile(rb"%PDF-[12]\.\d[\r\n \t%]")
_WAV: Final = re.compile(rb"RIFF....WAVE", re.DOTALL)
_AMR: Final = re.compile(rb"#!AMR(-WB)?\n")
_OGG: Final = re.compile(rb"OggS\0.{22,300}?(OpusHead|\x01vorbis|Speex   )", re.DOTALL)
_PROGRAMS: Final = {
    b"MZ": "Windows",
    b"\x7fELF": "ELF",
    b"\xfe\xed\xfa": "Mach-O",
    b"\xce\xfa\xed\xfe": "Mach-O",
    b"\xcf\xfa\xed\xfe": "Mach-O",
    b"\xca\xfe\xba\xbe": "Java or Mach-O",
    b"dex\n": "Android",
    b"L\0\0\0\x01\x14\x02\0": "shortcut",
    b"\0asm": "WebAssembly",
}

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_VIDEO_BRANDS: Final = frozenset({b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"})
_MOST_BOXES: Final = 1000

# Layer III, of MPEG 1 and of MPEG 2 and 2.5.
_BITRATES: Final = (
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLE_RATES: Final = (44_100, 48_000, 32_000)


def picture(file: File) -> str | None:
    head = file.read(0, HEAD)
    if _PNG.match(head) and tail(file, len(_PNG_END)) == _PNG_END:
        return "image/png"
    if _JPEG.match(head) and structure.jpeg(file):
        return "image/jpeg"
    if _GIF.match(head) and structure.gif(file):
        return "image/gif"
    return "image/webp" if _WEBP.match(head) and structure.webp(file) else None


def document(file: File) -> str | None:
    return "application/pdf" if _PDF.match(file.read(0, HEAD)) and structure.pdf(file) else None


def recording(file: File) -> str | None:
    """Sound and moving pictures; HEIC, too, which has the form of a film."""
    head = file.read(0, HEAD)
    if _WAV.match(head) and structure.wav(file):
        return "audio/wav"
    if (found := _AMR.match(head)) and structure.speech(file, found.end(), wide=bool(found[1])):
        return "audio/amr-wb" if found[1] else "audio/amr"
    if _OGG.match(head):
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return _boxed(file, head[8:12])
    return "audio/mpeg" if _is_mp3(file, head) else None


def program(file: File) -> str | None:
    head = file.read(0, HEAD)
    return next((name for start, name in _PROGRAMS.items() if head.startswith(start)), None)


def _boxed(file: File, brand: bytes) -> str | None:
    found = set(_boxes(file))
    if brand in _HEIC_BRANDS:
        return "image/heic" if b"meta" in found else None
    if not found & {b"moov", b"moof"}:
        return None
    if brand[:3] in {b"M4A", b"M4B"}:
        return "audio/mp4"
    if brand[:2] == b"3g":
        return "video/3gpp"
    return "video/mp4" if brand in _VIDEO_BRANDS or brand[:3] == b"iso" else None


def _boxes(file: File) -> Iterator[bytes]:
    """Kinds of the outermost boxes, as far as each one leads to the next."""
    offset = 0
    for _ in range(_MOST_BOXES):
        header = file.read(offset, 16)
        size, kind = int.from_bytes(header[:4]), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:])
        elif size == 0:
            size = file.size - offset
        if size < 8 or offset + size > file.size:
            return
        yield kind
        offset += size


def _is_mp3(file: File, head: bytes) -> bool:
    start = 0
    if head.startswith(b"ID3") and len(head) >= 10 and max(head[6:10]) < 0x80:
        a, b, c, d = head[6:10]
        start = 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if head[5] & 0x10 else 0)
        padding = file.read(start, PIECE)
        start += len(padding) - len(padding.lstrip(b"\0"))
    length = _frame(file.read(start, 4))
    if length is None:
        return False
    return start + length == file.size or _frame(file.read(start + length, 4)) is not None


def _frame(header: bytes) -> int | None:
    """Length of the Layer III frame that begins like this."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or bitrate in {0, 15} or rate == 3:
        return None
    first = version == 3
    samples_per_second = _SAMPLE_RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    kilobits = _BITRATES[0 if first else 1][bitrate - 1]
    return (144 if first else 72) * kilobits * 1000 // samples_per_second + (header[2] >> 1 & 1)

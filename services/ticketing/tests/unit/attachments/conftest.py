"""Small files that are what they say, and `of(data)`: bytes as the rules look at them."""

import io
import struct
import wave
import zipfile
import zlib
from dataclasses import dataclass

import pytest


@dataclass
class Held:
    data: bytes

    @property
    def size(self):
        return len(self.data)

    def read(self, offset, length):
        return self.data[offset : offset + length]


@pytest.fixture(scope="session")
def of():
    return Held


def _png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _wav():
    held = io.BytesIO()
    with wave.open(held, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 80)
    return held.getvalue()


def office_file(kind="word", main="wordprocessingml.document", **parts):
    held = io.BytesIO()
    listed = f'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.{main}.main+xml"/></Types>'
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", parts.pop("listed", listed))
        archive.writestr(f"{kind}/document.xml", "<w:document/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return held.getvalue()


def box(kind, data=b""):
    return struct.pack(">I", 8 + len(data)) + kind + data


JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0\x3f\0\xd2\xcf\xff\xd9"
)
FRAME = b"\xff\xfb\x90\x00".ljust(417, b"\0")
"""MPEG 1 Layer III, 128 kbit/s, 44.1 kHz."""
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\nxref\n0 1\ntrailer<</Root 1 0 R>>\nstartxref\n45\n%%EOF\n"
OOXML = "application/vnd.openxmlformats-officedocument"
FILES = {
    "image/png": _png(),
    "image/jpeg": JPEG,
    "image/gif": b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
    "image/webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0",
    "image/heic": box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", b"\0" * 8) + box(b"mdat", b"x"),
    "application/pdf": PDF,
    "audio/mpeg": FRAME * 3,
    "audio/wav": _wav(),
    "audio/mp4": box(b"ftyp", b"M4A \0\0\0\0M4A ") + box(b"moov", b"\0" * 8),
    "audio/amr": b"#!AMR\n" + b"\x3c" * 32,
    "audio/amr-wb": b"#!AMR-WB\n" + b"\x3c" * 59,
    "audio/ogg": b"OggS\0\x02" + b"\0" * 20 + b"\x01\x13OpusHead\x01\x01",
    "video/mp4": box(b"ftyp", b"isom\0\0\x02\0isommp41") + box(b"moov", b"\0" * 8) + box(b"mdat", b"x"),
    "video/3gpp": box(b"ftyp", b"3gp4\0\0\0\0isom") + box(b"mdat") + box(b"moov", b"\0" * 8),
    f"{OOXML}.wordprocessingml.document": office_file(),
    f"{OOXML}.spreadsheetml.sheet": office_file("xl", "spreadsheetml.sheet"),
    f"{OOXML}.presentationml.presentation": office_file("ppt", "presentationml.presentation"),
}


@pytest.fixture(scope="session")
def files():
    return FILES


@pytest.fixture(scope="session")
def office():
    return office_file

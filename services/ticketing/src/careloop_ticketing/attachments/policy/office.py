"""Archives. Only documents of Office (docx, xlsx, pptx) are taken, without macros, and nothing else in the same file.

An archive is read from its end: what stands before or behind it can be another file, and its list of contents can claim
what it likes. So the list has to lie where the end says, and what it says has to fit into the file.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final

from careloop_ticketing.attachments.errors import AttachmentUnsafe
from careloop_ticketing.attachments.policy.file import File, Opened, tail

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
DOCX: Final = f"{_OOXML}.wordprocessingml.document"
XLSX: Final = f"{_OOXML}.spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}.presentationml.presentation"
TYPES: Final = {DOCX: "word/", XLSX: "xl/", PPTX: "ppt/"}
"""By type, the folder that its parts are in."""
_PARTS: Final = "[Content_Types].xml"
_ACTIVE: Final = re.compile(
    r"vba(?:project\.bin|data\.xml)$|(?:^|/)(?:activex|macrosheets|dialogsheets)/|/embeddings/.*\.bin$",
    re.IGNORECASE,
)

_END: Final = struct.Struct("<4sHHHHIIH")
_END_MARK: Final = b"PK\x05\x06"
_LONGEST_COMMENT: Final = 0xFFFF
_LOCAL: Final = 30
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)
_MOST_ENTRIES: Final = 5_000
_MOST_LIST: Final = 1 << 20
_MOST_UNPACKED: Final = 400 << 20
_MOST_RATIO: Final = 200
_SMALL: Final = 1 << 20
"""A part up to here may be as dense as it likes: empty sheets are."""


def ends_as_archive(file: File) -> bool:
    """Whether a reader of archives would take the file for one."""
    end = tail(file, _END.size + _LONGEST_COMMENT)
    place = end.rfind(_END_MARK)
    while place >= 0:
        if len(end) - place >= _END.size:
            *_, comment = _END.unpack_from(end, place)
            if place + _END.size + comment == len(end):
                return True
        place = end.rfind(_END_MARK, 0, place)
    return False


def document(file: File) -> str | None:
    """The type of an Office document; none for what is no archive, and for other archives."""
    if file.read(0, 4) != b"PK\x03\x04" or not ends_as_archive(file):
        return None
    entries = _end(file)
    try:
        with zipfile.ZipFile(Opened(file)) as archive:
            listed = archive.infolist()
            if len(listed) != entries:
                raise AttachmentUnsafe("The archive's list of contents is not as long as it says.")
            _refuse_bomb(listed, file.size)
            return _main_type(archive)
    except _DAMAGED as error:
        raise AttachmentUnsafe("The archive is damaged, or made to be read in two ways.") from error


def _end(file: File) -> int:
    """How many entries there are; `AttachmentUnsafe` unless the list lies right before the end of the file."""
    end = tail(file, _END.size)
    if len(end) < _END.size or not end.startswith(_END_MARK):
        raise AttachmentUnsafe("Something stands behind the archive.")
    _, disk, first_disk, here, entries, size, offset, _ = _END.unpack(end)
    if disk or first_disk or here != entries or entries > _MOST_ENTRIES or size > _MOST_LIST:
        raise AttachmentUnsafe("The archive has too many entries, or parts elsewhere.")
    if offset + size + _END.size != file.size:
        raise AttachmentUnsafe("The archive's list of contents is not where it says.")
    return int(entries)


def _refuse_bomb(entries: Sequence[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(_LOCAL + len(entry.filename) + entry.compress_size for entry in entries)
    dense = any(
        entry.file_size > _SMALL and entry.file_size > _MOST_RATIO * entry.compress_size for entry in entries
    )
    if unpacked > _MOST_UNPACKED or dense:
        raise AttachmentUnsafe("The archive unpacks to far more than it is.")
    if packed > size or len({entry.header_offset for entry in entries}) != len(entries):
        raise AttachmentUnsafe("Entries of the archive lie over each other.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise AttachmentUnsafe("The archive is encrypted: nobody can see what is in it.")


def _main_type(archive: zipfile.ZipFile) -> str | None:
    names = archive.namelist()
    if _PARTS not in names:
        return None
    with archive.open(_PARTS) as parts:
        listed = parts.read(_SMALL)
    if b"macroEnabled" in listed or any(_ACTIVE.search(name) for name in names):
        raise AttachmentUnsafe("The document has macros or programs in it.")
    return next(
        (
            found
            for found, folder in TYPES.items()
            if f"{found}.main+xml".encode() in listed and any(name.startswith(folder) for name in names)
        ),
        None,
    )

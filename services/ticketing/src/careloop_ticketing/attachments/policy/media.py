"""Types of files: which are taken, and whether a claim is borne out by the content.

A table of our own and no library for it: those that there are answer "most likely", also where two types fit, while here
each type is a yes or no, and what is no text, picture, recording or document is not taken at all.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from careloop_ticketing.attachments.errors import (
    AttachmentEmpty,
    AttachmentTypeMismatch,
    AttachmentTypeUnsupported,
    AttachmentUnsafe,
)
from careloop_ticketing.attachments.policy import office, signatures, text
from careloop_ticketing.attachments.policy.file import HEAD, File

UNCLAIMED: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""What clients send that do not know: the content alone decides."""

EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "image/png": ("png",),
        "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
        "image/gif": ("gif",),
        "image/webp": ("webp",),
        "image/heic": ("heic", "heif"),
        "application/pdf": ("pdf",),
        "text/plain": ("txt", "log", "md", "csv", "tsv"),
        "text/csv": ("csv", "txt", "tsv"),
        "audio/mpeg": ("mp3",),
        "audio/wav": ("wav",),
        "audio/mp4": ("m4a", "mp4"),
        "audio/amr": ("amr",),
        "audio/amr-wb": ("awb", "amr"),
        "audio/ogg": ("ogg", "opus", "oga", "spx"),
        "video/mp4": ("mp4", "m4v"),
        "video/3gpp": ("3gp", "3gpp"),
        "audio/3gpp": ("3gp", "3gpp"),
        office.DOCX: ("docx",),
        office.XLSX: ("xlsx",),
        office.PPTX: ("pptx",),
    }
)
"""What is taken, and what its name ends in; the first one where it ends in something else."""

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "image/x-png": "image/png",
        "image/heif": "image/heic",
        "application/x-pdf": "application/pdf",
        "text/x-log": "text/plain",
        "text/markdown": "text/plain",
        "application/csv": "text/csv",
        "text/comma-separated-values": "text/csv",
        "text/tab-separated-values": "text/csv",
        "application/vnd.ms-excel": "text/csv",  # What Windows calls a .csv; the format of old is not taken.
        "audio/mp3": "audio/mpeg",
        "audio/x-mp3": "audio/mpeg",
        "audio/x-wav": "audio/wav",
        "audio/wave": "audio/wav",
        "audio/vnd.wave": "audio/wav",
        "audio/m4a": "audio/mp4",
        "audio/x-m4a": "audio/mp4",
        "audio/opus": "audio/ogg",
        "application/ogg": "audio/ogg",
    }
)
_NARROWER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "text/plain": frozenset({"text/csv"}),
        "video/mp4": frozenset({"audio/mp4"}),
        "video/3gpp": frozenset({"audio/3gpp"}),
    }
)
"""Types that look the same from outside: here a claim says more than the content."""

_TELLS: Final[tuple[Callable[[File], str | None], ...]] = (
    signatures.picture,
    signatures.recording,
    signatures.document,
    office.document,
)


def media_type(file: File, claimed: str | None) -> str:
    """The type of the file. It is refused if it is of none that is taken, or not of the one that is claimed."""
    if file.size == 0:
        raise AttachmentEmpty
    claim = _claim(claimed)
    found = _found(file)
    if found is None:
        if claim in UNCLAIMED:
            raise AttachmentTypeUnsupported(
                "The content is of no type that is taken.", supported=list(EXTENSIONS)
            )
        raise AttachmentTypeMismatch(f"The content is not {claim}.")
    if claim in UNCLAIMED or claim == found.partition(";")[0]:
        return found
    if claim in _NARROWER.get(found.partition(";")[0], ()):
        return found.replace(found.partition(";")[0], claim)
    raise AttachmentTypeMismatch(f"The content is not {claim}.", found=found)


def _claim(claimed: str | None) -> str:
    """The type of a Content-Type by the name that it has here."""
    given = (claimed or "").partition(";")[0].strip().lower()
    claim = _ALIASES.get(given, given)
    if claim not in UNCLAIMED and claim not in EXTENSIONS:
        raise AttachmentTypeUnsupported(f"{given[:100]} is not taken.", supported=list(EXTENSIONS))
    return claim


def _found(file: File) -> str | None:
    for tells in _TELLS:
        if found := tells(file):
            _refuse_two_at_once(file, found)
            return found
    if charset := text.charset(file):
        return f"text/plain; charset={charset}"
    if program := signatures.program(file):
        raise AttachmentUnsafe(f"The file is a program ({program}).")
    if not file.read(0, 5).startswith((b"PK", b"%PDF-")):
        _refuse_two_at_once(file, "of no type that is taken")
    return None


def _refuse_two_at_once(file: File, found: str) -> None:
    """A picture that is an archive as well passes for either, wherever somebody looks only at one end."""
    if found not in office.TYPES and office.ends_as_archive(file):
        raise AttachmentUnsafe(f"The file is {found}, and an archive at its end.")
    if found != "application/pdf" and b"%PDF-" in file.read(0, HEAD):
        raise AttachmentUnsafe(f"The file is {found}, and a PDF at its beginning.")

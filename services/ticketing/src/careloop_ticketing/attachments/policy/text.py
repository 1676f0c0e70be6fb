"""Text: UTF-8 or GB18030 without control characters, and nothing that a browser would run."""

import codecs
import re
from typing import Final

from careloop_ticketing.attachments.errors import AttachmentUnsafe
from careloop_ticketing.attachments.policy.file import HEAD, File, pieces

CHARSETS: Final = ("utf-8", "gb18030")
"""In this order: hardly any text of another encoding is UTF-8 by chance."""
_CONTROL: Final = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r"})
"""In neither encoding a part of another character, so they are found without decoding."""
_ACTIVE: Final = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|style|title|meta|link|table|object|embed"
    rb"|form|img|font|div|h1|br|[abp])[\s/>]|<(?:!--|\?)|#!|\{\\rtf",
    re.IGNORECASE,
)
_RUN: Final = (
    (b"<", re.compile(rb"</?(?:script|iframe)[\s/>]")),
    (b"=", re.compile(rb"<[a-z][^<>]{0,400}[\s\"'/]on[a-z]{3,20}\s*=")),
    (b"@echo", re.compile(rb"(?:^|\n)[ \t]*@echo[ \t]+off\b")),
    (
        b"createobject",
        re.compile(rb"\bcreateobject\s*\(\s*[\"'](?:wscript|shell|scripting|msxml2|adodb)\."),
    ),
    (b"wscript.", re.compile(rb"\bwscript\.(?:shell|createobject|echo)\b")),
    (b"invoke-expression", re.compile(rb"\binvoke-expression\b")),
    (b"powershell", re.compile(rb"(?:^|\n)[ \t]*powershell(?:\.exe)?[ \t]+-")),
)
"""In lower case, what a browser or Windows would run, wherever it stands, and what it cannot be without: to look for that is
ten times as fast, and hardly any text has it. People who write about such things send pictures of them."""
_ADDRESS: Final = re.compile(rb"\bjavascript:[^\s(]*+\(?")
"""Runs if a bracket ends it. Each is read on to its end, so that many of them without a bracket take no longer than one."""
_OVERLAP: Final = 600


def charset(file: File) -> str | None:
    """The encoding, if the file is text; `AttachmentUnsafe` if it is one that does something."""
    if any(len(piece.translate(None, _CONTROL)) < len(piece) for piece in pieces(file)):
        return None
    found = next((name for name in CHARSETS if _readable(file, name)), None)
    if found is None:
        return None
    beginning = file.read(0, HEAD).removeprefix(codecs.BOM_UTF8).lstrip()
    if _ACTIVE.match(beginning) or _runs(file):
        raise AttachmentUnsafe("The text is markup or a script.")
    return found


def _runs(file: File) -> bool:
    before = b""
    for piece in pieces(file):
        if _runs_here((before + piece).lower()):
            return True
        before = piece[-_OVERLAP:]
    return False


def _runs_here(text: bytes) -> bool:
    if any(needle in text and pattern.search(text) for needle, pattern in _RUN):
        return True
    return b"javascript:" in text and any(found[0].endswith(b"(") for found in _ADDRESS.finditer(text))


def _readable(file: File, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        for piece in pieces(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

"""Text: UTF-8 or GB18030 without control characters, and nothing that a browser would run."""

import codecs
import re
from typing import Final

from careloop_ticketing.attachments.errors import AttachmentUnsafe
from careloop_ticketing.attachments.policy.file import HEAD, File, pieces

CHARSETS: Final = ("utf-8", "gb18030")
"""In this order: hardly any text of another encoding is UTF-8 by chance."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_ACTIVE: Final = re.compile(
    rb"<(?:!doctype|html|head|body|script|iframe|svg|style|title|meta|link|table|object|embed"
    rb"|form|img|font|div|h1|br|[abp])[\s/>]|<(?:!--|\?)|#!|\{\\rtf",
    re.IGNORECASE,
)


def charset(file: File) -> str | None:
    """The encoding, if the file is text; `AttachmentUnsafe` if it is one that does something."""
    found = next((name for name in CHARSETS if _readable(file, name)), None)
    if found is None:
        return None
    beginning = file.read(0, HEAD).removeprefix(codecs.BOM_UTF8).lstrip()
    if _ACTIVE.match(beginning):
        raise AttachmentUnsafe("The text is markup or a script.")
    return found


def _readable(file: File, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        if any(_CONTROL.search(decoder.decode(piece)) for piece in pieces(file)):
            return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

"""Bodies that claim to be JSON, looked at before anything reads them."""

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException

from careloop_common.errors import MediaTypeNotSupported

JSON: Final = "application/json"
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})


def check(content_type: str, body: bytes, taken: Sequence[str]) -> None:
    """Refuse what is neither of the types `taken` nor otherwise JSON (`application/…+json`), and what is not UTF-8.

    JSON between systems is UTF-8 (RFC 8259); Python's reader would guess UTF-16 and UTF-32 as well.
    """
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if kind not in taken and not (kind.startswith("application/") and kind.endswith("+json")):
        raise MediaTypeNotSupported(f"The body must be {' or '.join(taken)}.")
    charsets = {text.partition("=")[2].strip(' "') for text in parameters if text.startswith("charset")}
    if not charsets <= _UTF8:
        raise MediaTypeNotSupported(f"The body must be UTF-8, not {', '.join(sorted(charsets))[:40]}.")
    if b"\0" in body[:4] or body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise HTTPException(400, "The body is not UTF-8.")

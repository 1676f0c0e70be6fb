"""Bodies that come compressed: where many send from afar, the network costs more than the processor."""

import zlib
from typing import Final

from starlette.exceptions import HTTPException

from careloop_common.errors import BodyTooLarge, MediaTypeNotSupported

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GZIP_FORMAT: Final = 31


def plain(encoding: str, body: bytes, *, most: int | None) -> bytes:
    """The body as it was before it was compressed, up to so many bytes; without `most` it may not be."""
    named = encoding.strip().lower()
    if named in {"", "identity"}:
        return body
    if most is None:
        raise MediaTypeNotSupported("The body may not be compressed.")
    if named not in _GZIP:
        raise MediaTypeNotSupported("The body may be compressed by gzip, and by nothing else.")
    return _inflated(body, most)


def _inflated(body: bytes, most: int) -> bytes:
    """A few bytes can say that they are a gigabyte: no more is made of them than is wanted."""
    reader = zlib.decompressobj(_GZIP_FORMAT)
    try:
        whole = reader.decompress(body, most + 1)
    except zlib.error as error:
        raise HTTPException(400, "The body is not valid gzip.") from error
    if len(whole) > most:
        raise BodyTooLarge(f"The body may have {most} bytes before it is compressed.")
    if not reader.eof or reader.unused_data:
        raise HTTPException(400, "The body is not one whole gzip stream.")
    return whole

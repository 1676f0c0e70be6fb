"""A file as it lies on disk: AES-256-GCM in chunks, under a key that no other file has.

A chunk's nonce is its number and whether it is the last, so what is cut off, exchanged or put behind does not open (this is
the STREAM construction). A chunk opens without those before it, so a file is read at any place and is never held whole.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from careloop_common.errors import SealBroken
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK: Final = 256 << 10
_MARK: Final = b"CLA\x01"
_TAG: Final = 16


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes((last,))


class Writer:
    """Seals what it is given, and knows its size and hash."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._pending = bytearray()
        self._number = 0
        self._hash = hashlib.sha256()
        self.size = 0
        file.write(_MARK)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self._hash.update(data)
        self._pending += data
        while (
            len(self._pending) > CHUNK
        ):  # A full chunk may be the last one: that is known with the next byte.
            self._seal(bytes(self._pending[:CHUNK]), last=False)
            del self._pending[:CHUNK]

    def finish(self) -> None:
        self._seal(bytes(self._pending), last=True)
        self._file.flush()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


class Reader:
    """Opens a file of `size` bytes; `SealBroken` where it is not what was written."""

    def __init__(self, file: BinaryIO, key: bytes, size: int) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self.size = size
        self._chunks = max(1, -(-size // CHUNK))
        self._known: tuple[int, bytes] = (-1, b"")
        file.seek(0)
        if file.read(len(_MARK)) != _MARK:
            raise SealBroken

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only where the file ends."""
        end = min(offset + length, self.size)
        found = []
        while offset < end:
            number, start = divmod(offset, CHUNK)
            part = self._chunk(number)[start : start + end - offset]
            found.append(part)
            offset += len(part)
        return b"".join(found)

    def chunks(self) -> Iterator[bytes]:
        """The whole, in order."""
        return (self._chunk(number) for number in range(self._chunks))

    def _chunk(self, number: int) -> bytes:
        if self._known[0] != number:
            last = number == self._chunks - 1
            length = self.size - number * CHUNK if last else CHUNK
            self._file.seek(len(_MARK) + number * (CHUNK + _TAG))
            sealed = self._file.read(
                length + _TAG + last
            )  # One more byte than there is, to see that there is none.
            if len(sealed) != length + _TAG:
                raise SealBroken
            try:
                self._known = number, self._cipher.decrypt(_nonce(number, last=last), sealed, None)
            except InvalidTag as error:
                raise SealBroken from error
        return self._known[1]

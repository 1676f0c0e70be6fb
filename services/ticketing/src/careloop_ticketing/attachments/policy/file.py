"""A file as the rules look at it: at any place, a bounded piece at a time."""

import io
from collections.abc import Iterator
from typing import Final, Protocol

PIECE: Final = 256 << 10
HEAD: Final = 1024


class File(Protocol):
    """Bytes that are read where they are needed."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only where the file ends."""
        ...


def pieces(file: File) -> Iterator[bytes]:
    """The whole, in order."""
    for offset in range(0, file.size, PIECE):
        yield file.read(offset, PIECE)


def tail(file: File, length: int) -> bytes:
    return file.read(max(0, file.size - length), length)


class Opened(io.RawIOBase):
    """The file for those who read files: `zipfile`."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._file.size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(self._place, self._file.size if size < 0 else size)
        self._place += len(found)
        return found

"""Where files lie: a directory, with each file under the id of its attachment and sealed under a key of its own.

The key is in the attachment's row, itself sealed under the service's ring: without its row a file is noise, in every copy
that a backup has of it. No two attachments share a file, so no file is ever written that somebody else may be reading.
"""

import contextlib
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.runtime import Runtime

from careloop_ticketing.attachments.sealed import Reader, Writer

_FIELD: Final = "attachment"
_UNFINISHED: Final = ".part"


class Draft:
    """A file that is being written."""

    def __init__(self, file: BinaryIO, sealed_key: str, key: bytes) -> None:
        self._file = file
        self._key = key
        self.writer = Writer(file, key)
        self.sealed_key = sealed_key

    def finish(self) -> Reader:
        """Have it on the disk, and look into it."""
        self.writer.finish()
        os.fsync(self._file.fileno())
        return Reader(self._file, self._key, self.writer.size)

    def close(self) -> None:
        self._file.close()


class Store:
    """All of it blocks: to be called from a thread."""

    def __init__(self, directory: Path, vault: Vault) -> None:
        self._directory = directory
        self._vault = vault

    @classmethod
    def of(cls, runtime: Runtime[Any]) -> "Store":
        return cls(runtime.settings.files, runtime.vault)

    def path(self, file_id: UUID) -> Path:
        # Ids begin with the time and end by chance: the end spreads them over folders.
        return self._directory / file_id.hex[-2:] / str(file_id)

    def draft(self, file_id: UUID) -> Draft:
        path = self.path(file_id)
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync(self._directory)
        key = secrets.token_bytes(32)
        sealed = self._vault.seal(file_id, _FIELD, b64encode(key).decode())
        descriptor = os.open(_unfinished(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        return Draft(os.fdopen(descriptor, "w+b"), sealed, key)

    def keep(self, file_id: UUID) -> None:
        """Give a finished file its name; on return it has that also after a power cut."""
        path = self.path(file_id)
        _unfinished(path).rename(path)
        _sync(path.parent)

    def remove(self, file_id: UUID) -> None:
        path = self.path(file_id)
        path.unlink(missing_ok=True)
        _unfinished(path).unlink(missing_ok=True)

    @contextlib.contextmanager
    def open(self, file_id: UUID, sealed_key: str, size: int) -> Iterator[Reader]:
        """`OSError` if it is not there, `SealBroken` if it is not what it was."""
        key = b64decode(self._vault.open(file_id, _FIELD, sealed_key))
        with self.path(file_id).open("rb") as file:
            yield Reader(file, key, size)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _sync(directory: Path) -> None:
    """Have the names in a directory on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Servers of one test run: our own, started for it and thrown away, or the user's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats

from careloop_common.embedded import EmbeddedNats, EmbeddedPostgres, EmbeddedServer

DATABASE_URL = "CARELOOP_TEST_DATABASE_URL"
"""A superuser's URL on a server of the user's own; databases `careloop_test_*` are made there and dropped."""
NATS_URL = "CARELOOP_TEST_NATS_URL"
"""A NATS server of the user's own that holds no streams: they are made and deleted there."""

_THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "scram_iterations": "1"}
"""The tests kill processes, never the machine: without fsync nothing that they look at changes."""

_MEMORY = Path("/dev/shm")  # noqa: S108  (a fresh directory of our own is made in it)
_ROOM = 1 << 30


@contextmanager
def own_postgres() -> Iterator[str]:
    """A PostgreSQL server for as long as the context lasts; gives the superuser's URL."""
    with _directory() as directory:
        server = EmbeddedPostgres(directory / "postgres", settings=_THROW_AWAY)
        with _running(server):
            yield server.admin_url


@contextmanager
def own_nats() -> Iterator[str]:
    """A NATS server for as long as the context lasts; gives its URL."""
    with _directory() as directory:
        server = EmbeddedNats(directory / "nats")
        with _running(server):
            yield server.url


async def holds_streams(url: str) -> bool:
    """Tell whether a server is in use by somebody else."""
    client = await nats.connect(url, name="careloop-test")
    try:
        return bool(await client.jetstream().streams_info())
    finally:
        await client.close()


@contextmanager
def _running(server: EmbeddedServer) -> Iterator[None]:
    try:
        server.start()
        server.wait_ready()
        yield
    finally:
        server.stop()


@contextmanager
def _directory() -> Iterator[Path]:
    """In memory where there is room: a clone of a database is hundreds of files, and takes a tenth of the time there.

    Not pytest's `tmp_path`, which is kept after the run.
    """
    path = Path(tempfile.mkdtemp(prefix="careloop-test-", dir=_MEMORY if _roomy(_MEMORY) else None))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _roomy(directory: Path) -> bool:
    return os.access(directory, os.W_OK) and shutil.disk_usage(directory).free >= _ROOM

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from careloop_common.embedded import EmbeddedNats, EmbeddedPostgres


@pytest.fixture
def place():
    """A directory that everybody may enter; pytest's own are closed to other users."""
    path = Path(tempfile.mkdtemp(prefix="careloop-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def started():
    """`started(server)` starts a server, awaits it, and stops it after the test."""
    with ExitStack() as stack:

        def start(server):
            stack.callback(server.stop)
            server.start()
            server.wait_ready()
            return server

        yield start


@pytest.fixture
def postgres_at():
    def make(directory, **options):
        return EmbeddedPostgres(directory, password='it\'s "secret" %', **options)

    return make


@pytest.fixture
def nats_at():
    return EmbeddedNats

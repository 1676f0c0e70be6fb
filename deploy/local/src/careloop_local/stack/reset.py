"""`careloop reset`: delete what `careloop up` has made."""

import argparse
import shutil
import sys
from contextlib import suppress

from careloop_local.errors import LocalError
from careloop_local.settings import LocalSettings
from careloop_local.stack import state
from careloop_local.stack.config import DATABASES, StackConfig

_OURS = ("postgres", "nats", "logs", "files", "outgoing", "demo", "run")
"""Only what we made is deleted: CARELOOP_HOME may point at a directory that holds more."""


def configure(parser: argparse.ArgumentParser) -> None:
    """There is nothing to configure."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Stop the platform, then delete its data; secrets stay where databases of the user's own need them."""
    config = StackConfig(LocalSettings())
    state.stop(config.run)
    own_databases = config.settings.database_url is not None
    found = [
        path
        for name in (*_OURS, *(() if own_databases else ("secrets",)))
        if (path := config.home / name).exists()
    ]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    if left := [path.name for path in found if path.exists()]:
        raise LocalError(f"cannot delete {', '.join(left)} in {config.home}: whose are they?")
    with suppress(OSError):
        config.home.rmdir()
    sys.stdout.write(
        f"deleted the data in {config.home}\n" if found else f"there were no data in {config.home}\n"
    )
    if own_databases:
        names = ", ".join(DATABASES)
        sys.stdout.write(
            f"left alone: the databases {names} on your own server, and {config.keys.directory}\n"
        )
    return 0

"""`careloop reset`: delete what `careloop up` has made."""

import argparse
import sys
from collections.abc import Sequence

from careloop_local.errors import LocalError
from careloop_local.stack import home, state
from careloop_local.stack.config import DATABASES, StackConfig

_SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """There is nothing to configure."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Stop the platform, then delete its data; secrets stay where databases of the user's own need them."""
    config = StackConfig.from_environment()
    state.stop(config.run)
    own_databases = config.settings.database_url is not None
    try:
        done = home.delete(config.home, keep=("secrets",) if own_databases else ())
    except OSError as error:
        raise LocalError(f"{error.filename} cannot be deleted: {error.strerror}") from error
    if done.stuck:
        raise LocalError(f"cannot delete {_listed(done.stuck)} in {config.home}: whose are they?")
    sys.stdout.write(
        f"deleted the data in {config.home}\n" if done.deleted else f"there were no data in {config.home}\n"
    )
    if done.foreign:
        sys.stdout.write(f"left alone, since careloop did not make it: {_listed(done.foreign)}\n")
    if own_databases:
        names = ", ".join(DATABASES)
        sys.stdout.write(
            f"left alone: the databases {names} on your own server, and {config.keys.directory}\n"
        )
    return 0


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more

"""`careloop down`: stop the platform of this home by the pid that it has noted."""

import argparse
import sys

from careloop_local.stack import state
from careloop_local.stack.config import StackConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """There is nothing to configure."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Stop it and wait until it has stopped; not running is fine."""
    stopped = state.stop(StackConfig.from_environment().run)
    sys.stdout.write("stopped\n" if stopped else "nothing was running\n")
    return 0

"""The terminal: lines that come out at once, also through a pipe."""

import sys


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

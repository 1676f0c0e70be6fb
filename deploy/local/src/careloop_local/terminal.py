"""The terminal: lines that come out at once, also through a pipe, and what it means when it asks us to end or closes."""

import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def heed_requests_to_end() -> None:
    """Being asked to end, and losing the terminal, are like Ctrl-C; more of them change nothing.

    When a terminal closes, the signal comes from the kernel, and from the shell again: the second one must not cut short
    what the first one began. Under `nohup` it is ignored, and stays so.
    """
    for signum in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) != signal.SIG_IGN:
            signal.signal(signum, _interrupt)


def let_go() -> None:
    """Go on without the terminal that has closed: writing to it would fail. What is written to a file still is."""
    with suppress(OSError), _devnull() as nowhere:
        for output in (1, 2):
            if os.isatty(output) or stat.S_ISFIFO(os.fstat(output).st_mode):
                os.dup2(nowhere, output)


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
    for later in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(later) == _interrupt:
            signal.signal(later, _nothing)
    if signum == signal.SIGHUP:
        let_go()
    raise KeyboardInterrupt


def _nothing(signum: int, frame: FrameType | None) -> None:
    """Unlike an ignored signal, this is not inherited by what is started."""


@contextmanager
def _devnull() -> Iterator[int]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        yield nowhere
    finally:
        os.close(nowhere)

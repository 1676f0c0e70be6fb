"""honcho, held a little tighter: what it prints, and when it may end what it has started."""

import re
import signal
import sys
from types import FrameType
from typing import Any, TextIO

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from careloop_local.terminal import let_go

WATCH = "watch"
_STARTED = re.compile(r"\S+ started \(pid=\d+\)")
_STOPPED = re.compile(r"(\S+) stopped \(rc=(-?\d+)\)")
_RECEIVED = re.compile(r"(SIG\w+) received")


class Console(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints little and remembers which process ended first, and whether somebody asked for the end."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        super().__init__(output, prefix=False)
        self.asked = False
        self.started = 0
        self.first_stopped: tuple[str, int] | None = None

    def write(self, message: Message) -> None:
        """Take one message of honcho."""
        if message.name == WATCH:
            super().write(message)
        elif message.name == "system":
            self._system(str(message.data))

    def _system(self, line: str) -> None:
        if _RECEIVED.match(line):
            self.asked = True
            self._say("stopping …")
        elif _STARTED.match(line):
            self.started += 1
        elif found := _STOPPED.match(line):
            name, status = found[1], int(found[2])
            if self.first_stopped is None and not self.asked:
                self.first_stopped = (name, status)
                self._say(f"{name} ended (status {status}); stopping the others …")

    def _say(self, line: str) -> None:
        print(line, file=self.output, flush=True)


class Keeper(Process):  # type: ignore[misc]  # honcho has no types
    """The process that waits for one of ours; like the launcher's other signals, the end of the terminal is not for it."""

    def run(self, *arguments: Any) -> None:
        """Start it, and wait for it."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        super().run(*arguments)


class Supervisor(Manager):  # type: ignore[misc]  # honcho has no types
    """Ends what it started, also when asked to in the middle of starting.

    honcho can signal a process only when it has been told its pid. A request that comes before waits until the last
    process has started; the next message, or the next turn of the loop, carries it out.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._console = console
        self._asked_early = False
        self._process_ctor = Keeper

    def _start(self) -> None:
        """honcho heeds requests to end from here on; the end of the terminal is one."""
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._hang_up)
        super()._start()

    @staticmethod
    def _hang_up(signum: int, frame: FrameType | None) -> None:  # noqa: ARG004
        let_go()
        signal.raise_signal(signal.SIGTERM)

    def terminate(self) -> None:
        """End every process, now or as soon as all have started."""
        if self._console.started < len(self._processes):
            self._asked_early = True
        else:
            super().terminate()

    def _all_started(self) -> bool:
        """honcho asks this in every turn of its loop."""
        started: bool = super()._all_started()
        if started and self._asked_early:
            self._asked_early = False
            super().terminate()
        return started

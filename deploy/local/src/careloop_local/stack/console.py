"""honcho, held a little tighter: what it prints, what it starts again, and when it may end what it has started."""

import multiprocessing
import re
import signal
import sys
from collections.abc import Callable, Collection
from time import monotonic
from types import FrameType
from typing import Any, TextIO

from honcho.manager import Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from careloop_local.terminal import let_go

WATCH = "watch"
RESTARTS = 3
WITHIN_SECONDS = 300.0
"""A process that ends more often than so many times within so many seconds takes the others with it."""
_RECEIVED = re.compile(r"(SIG\w+) received")


class Console(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints little and remembers whose end is that of all, and whether somebody asked for it."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        super().__init__(output, prefix=False)
        self.asked = False
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

    def ended(self, name: str, status: int) -> None:
        """Say that a process has ended, and that all do now."""
        if self.first_stopped is None and not self.asked:
            self.first_stopped = (name, status)
            self._say(f"{name} ended (status {status}); stopping the others …")

    def starts_again(self, name: str, status: int, times: int) -> None:
        """Say that a process has ended, and that it is started again."""
        within = f"{times} of {RESTARTS} times within {WITHIN_SECONDS / 60:g} minutes"
        self._say(f"{name} ended (status {status}); starting it again ({within})")

    def _say(self, line: str) -> None:
        print(line, file=self.output, flush=True)


class Keeper(Process):  # type: ignore[misc]  # honcho has no types
    """The process that waits for one of ours; like the launcher's other signals, the end of the terminal is not for it."""

    def run(self, *arguments: Any) -> None:
        """Start it, and wait for it."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        super().run(*arguments)


class Supervisor(Manager):  # type: ignore[misc]  # honcho has no types
    """Starts again what has died, like an orchestrator, and ends what it started, also in the middle of starting.

    Only once all were ready, for who cannot even start says why; and only a few times, for who dies again and again is
    ill. `ready` tells the one, `mortal` are those whose death is the end of all.

    honcho can signal a process only when it has been told its pid. A request that comes before waits until the last
    process has started; the next message, or the next turn of the loop, carries it out.
    """

    def __init__(
        self, console: Console, *, ready: Callable[[], bool], mortal: Collection[str] = (WATCH,)
    ) -> None:
        super().__init__(console)
        self._console = console
        self._ready = ready
        self._mortal = mortal
        self._deaths: dict[str, list[float]] = {}
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
        if not super()._all_started():
            self._asked_early = True
        else:
            super().terminate()

    def _all_started(self) -> bool:
        """honcho asks this in every turn of its loop, before it ends all because one has ended."""
        if not self._terminating and not self._console.asked:
            for name, process in self._processes.items():
                if process.get("returncode") is not None:
                    self._died(name, process)
        started: bool = super()._all_started()
        if started and self._asked_early:
            self._asked_early = False
            super().terminate()
        return started

    def _died(self, name: str, process: dict[str, Any]) -> None:
        now = monotonic()
        deaths = [at for at in self._deaths.get(name, ()) if at > now - WITHIN_SECONDS]
        if name in self._mortal or len(deaths) >= RESTARTS or not self._ready():
            self._console.ended(name, process["returncode"])
            return
        self._deaths[name] = [*deaths, now]
        self._console.starts_again(name, process.pop("returncode"), len(deaths) + 1)
        self.returncode = None
        del process["pid"]
        process["process"] = multiprocessing.Process(
            name=name, target=process["obj"].run, args=(self.events, True)
        )
        process["process"].start()

"""What the terminal shows of honcho's messages: the watch's lines, and who ended on its own."""

import re
import sys
from typing import TextIO

from honcho.printer import Message, Printer

WATCH = "watch"
_STOPPED = re.compile(r"(\S+) stopped \(rc=(-?\d+)\)")
_RECEIVED = re.compile(r"(SIG\w+) received")


class Console(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints little and remembers which process ended first, and whether somebody asked for the end."""

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
        elif found := _STOPPED.match(line):
            name, status = found[1], int(found[2])
            if self.first_stopped is None and not self.asked:
                self.first_stopped = (name, status)
                self._say(f"{name} ended (status {status}); stopping the others …")

    def _say(self, line: str) -> None:
        print(line, file=self.output, flush=True)

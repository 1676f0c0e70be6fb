"""How long a process waits for its clients, and how many of them it holds: otherwise a few hundred that say nothing
would keep all others out.

A connection waits when its client has the word: from its opening to the end of a request's head, between two requests,
and while it goes on sending a body that was refused. Whoever waits longest makes room when there are too many.
"""

import asyncio
import math
import resource
from typing import Protocol

LINGER_SECONDS = 2.0
"""How long a client that was refused in the middle of its body has to read that, before the connection ends."""
_SWEEP_SECONDS = 1.0


class Waiting(Protocol):
    """A connection, as `Patience` sees it."""

    def run_out(self) -> None:
        """Its time is over."""

    def abort(self) -> None:
        """End it at once, unsent bytes included."""


class Patience:
    """What the connections of one process share."""

    def __init__(self, *, connections: int, head_seconds: float) -> None:
        self.connections = min(connections, _affordable())
        self.head_seconds = head_seconds
        self._until: dict[Waiting, float] = {}
        """The waiting ones, in the order in which they began to."""
        self._sweeping: asyncio.TimerHandle | None = None

    def begin(self, connection: Waiting, seconds: float = math.inf) -> None:
        """`connection` waits for its client from now on, so long at most."""
        loop = asyncio.get_running_loop()
        self._until.pop(connection, None)
        self._until[connection] = loop.time() + seconds
        if self._sweeping is None:
            self._sweeping = loop.call_later(_SWEEP_SECONDS, self._sweep)

    def end(self, connection: Waiting) -> None:
        """The client has said what it was to say, or is gone."""
        self._until.pop(connection, None)

    def is_idle(self, connection: Waiting) -> bool:
        """Whether `connection` waits without a limit: its client has begun nothing."""
        return self._until.get(connection) == math.inf

    def make_room(self) -> bool:
        """End the connection that waits longest; tells whether there was one."""
        longest = next(iter(self._until), None)
        if longest is None:
            return False
        del self._until[longest]
        longest.abort()
        return True

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [one for one, until in self._until.items() if until <= now]:
            del self._until[connection]
            connection.run_out()
        self._sweeping = loop.call_later(_SWEEP_SECONDS, self._sweep) if self._until else None


def _affordable() -> int:
    """A third of the files that the process may open: each connection may need one to a service, and others need some."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, files // 3) if files != resource.RLIM_INFINITY else 1 << 31

"""A circuit breaker: when most calls of a service fail, stop calling it for a moment, then try carefully."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Tripping:
    """When to open, and for how long."""

    window: float = 10.0
    volume: int = 10
    """Calls in the window below which nothing is concluded."""
    ratio: float = 0.5
    open_seconds: float = 1.0
    probes: int = 3
    """Calls let through at a time while it is not known whether the service is back."""


class Breaker:
    """Counts outcomes in slices of the window. Every call let through by `admit` ends in one of the three others."""

    def __init__(self, tripping: Tripping | None = None) -> None:
        self.tripping = tripping or Tripping()
        self.state = State.CLOSED
        self._opened = 0.0
        self._probing = 0
        self._slices: deque[list[float]] = deque()

    def admit(self, now: float) -> float | None:
        """None when a call may be made, else the seconds to wait."""
        if self.state is State.CLOSED:
            return None
        if self.state is State.OPEN:
            left = self._opened + self.tripping.open_seconds - now
            if left > 0:
                return left
            self.state = State.HALF_OPEN
            self._probing = 0
        if self._probing >= self.tripping.probes:
            return self.tripping.open_seconds
        self._probing += 1
        return None

    def succeeded(self, now: float) -> None:
        if self.state is State.HALF_OPEN:
            self.state = State.CLOSED
            self._slices.clear()
        self._count(now, failed=False)

    def failed(self, now: float) -> None:
        if self.state is State.HALF_OPEN:
            self._open(now)
            return
        self._count(now, failed=True)
        calls, failures = self._totals(now)
        enough = calls >= self.tripping.volume
        if self.state is State.CLOSED and enough and failures >= calls * self.tripping.ratio:
            self._open(now)

    def abandoned(self) -> None:
        """The call was given up by the caller: it says nothing about the service."""
        if self.state is State.HALF_OPEN:
            self._probing = max(0, self._probing - 1)

    def _open(self, now: float) -> None:
        self.state = State.OPEN
        self._opened = now
        self._slices.clear()

    def _count(self, now: float, *, failed: bool) -> None:
        start = now - now % (self.tripping.window / 10)
        if not self._slices or self._slices[-1][0] != start:
            self._slices.append([start, 0, 0])
            self._forget(now)
        current = self._slices[-1]
        current[1] += 1
        current[2] += failed

    def _totals(self, now: float) -> tuple[float, float]:
        self._forget(now)
        return sum(part[1] for part in self._slices), sum(part[2] for part in self._slices)

    def _forget(self, now: float) -> None:
        while self._slices and self._slices[0][0] <= now - self.tripping.window:
            self._slices.popleft()

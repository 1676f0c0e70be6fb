"""How a value moves while now() does: in microseconds, all of it whole numbers, so that nothing is rounded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from careloop_common.rules.values import EPOCH, LAST, MICROSECOND, ONE_DAY

NEVER: Final = (LAST - EPOCH) // MICROSECOND + 1
"""This and every later moment do not come."""


def microseconds(time: datetime) -> int:
    """A time in microseconds since 1970."""
    return (time - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Line:
    """A time or a duration in microseconds: `slope` times now(), and `offset`."""

    slope: int
    offset: int

    def at(self, now: int) -> int:
        """What it is at a moment."""
        return self.slope * now + self.offset

    def turns(self, level: int, now: int) -> int:
        """When it next comes to `level`, or leaves it: until then it stays below, at or above."""
        side = self.at(now) - level
        if not side and self.slope:
            return now + 1
        return self._meets(level) if side * self.slope < 0 else NEVER

    def steps(self, now: int) -> int:
        """When it is next in another day."""
        if not self.slope:
            return NEVER
        day = self.at(now) // ONE_DAY
        return self._meets((day + 1) * ONE_DAY if self.slope > 0 else day * ONE_DAY - 1)

    def _meets(self, level: int) -> int:
        """The first moment at which it is at `level` or, in its direction, beyond it."""
        return -((self.offset - level) // self.slope)


@dataclass(frozen=True, slots=True)
class Steps:
    """A whole number that only grows: what it is now, and when it will have reached another one."""

    value: int
    reaches: Callable[[int], int]

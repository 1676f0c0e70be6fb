"""The generic cell rate algorithm: one number per caller says how far ahead of his rate he is."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """`rate` requests a second in the long run, `burst` at once."""

    rate: float
    burst: int

    @property
    def window(self) -> int:
        """Seconds in which an empty quota fills up again."""
        return max(1, math.ceil(self.burst / self.rate))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what is left after it."""

    allowed: bool
    remaining: int
    reset: float
    """Seconds until the whole burst is there again."""
    retry_after: float = 0.0


def decide(due: float | None, now: float, quota: Quota) -> tuple[float, Verdict]:
    """Judge a request at `now`; `due` is what the last call gave, None for a caller not seen before.

    Gives the new `due`: the time at which the caller's requests so far would have been spread evenly.
    """
    interval = 1.0 / quota.rate
    tolerance = quota.burst * interval
    start = now if due is None or due < now else due
    after = start + interval
    # Rounding must not cost the last request of a burst.
    early = after - tolerance - now
    if early > interval * 1e-6:
        return start, Verdict(False, 0, start - now, early)
    remaining = int((tolerance - (after - now)) / interval + 1e-6)
    return after, Verdict(True, max(0, remaining), after - now)

"""How much may be under way to a subscriber: less when it fails, nothing while it keeps failing, then one to see."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

AT_ONCE: Final = 4
"""To one subscriber, each about another ticket."""
FAILURES: Final = 5
"""So many in a row open the circuit."""
_SHORTEST: Final = timedelta(seconds=5)
_LONGEST: Final = timedelta(minutes=5)


class SubscriptionState(StrEnum):
    """How a subscriber does."""

    ACTIVE = "active"
    FAILING = "failing"
    OPEN = "open"
    """Nothing is sent until `open_until`, then one to see."""
    DISABLED = "disabled"
    """By an operator."""


@dataclass(frozen=True, slots=True)
class Circuit:
    failures: int = 0
    """In a row."""
    open_until: datetime | None = None

    def state(self, now: datetime) -> SubscriptionState:
        if self.open_until is not None and now < self.open_until:
            return SubscriptionState.OPEN
        return SubscriptionState.FAILING if self.failures else SubscriptionState.ACTIVE

    def room(self, under_way: int, now: datetime) -> int:
        """How many more may be sent now."""
        most = {SubscriptionState.OPEN: 0, SubscriptionState.FAILING: 1}.get(self.state(now), AT_ONCE)
        return max(0, most - under_way)

    def after(self, *, delivered: bool, now: datetime, first: float) -> "Circuit":
        """What it is once an attempt has ended. Each failure beyond the first few doubles the rest."""
        if delivered:
            return Circuit()
        failures = self.failures + 1
        if failures < FAILURES:
            return Circuit(failures)
        shortest = min(_SHORTEST, timedelta(seconds=5 * first))
        return Circuit(failures, now + min(_LONGEST, shortest * (1 << min(failures - FAILURES, 20))))

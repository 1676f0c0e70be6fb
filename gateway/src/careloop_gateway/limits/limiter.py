"""Rate limits in this process, per caller and class of routes, in bounded memory."""

from collections import OrderedDict

from careloop_gateway.limits.gcra import Quota, Verdict, decide

CALLERS = 65_536


class Limiter:
    """Remembers the callers of late; the one not seen for longest goes first when there are too many.

    A process counts for itself: behind N processes a caller who is spread over all of them may do N times as much.
    """

    def __init__(self, quotas: dict[str, Quota], *, callers: int = CALLERS) -> None:
        self.quotas = quotas
        self._callers = callers
        self._due: OrderedDict[tuple[str, str], float] = OrderedDict()
        self.policies = {name: f'"{name}";q={quota.burst};w={quota.window}' for name, quota in quotas.items()}

    def take(self, caller: str, limit: str, now: float) -> Verdict:
        """Count one request of `caller`, if it may pass."""
        key = (caller, limit)
        due, verdict = decide(self._due.get(key), now, self.quotas[limit])
        self._due[key] = due
        self._due.move_to_end(key)
        if len(self._due) > self._callers:
            self._due.popitem(last=False)
        return verdict

    def __len__(self) -> int:
        return len(self._due)

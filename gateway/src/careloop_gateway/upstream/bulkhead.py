"""How many requests may be under way to one service, so that a slow one does not take the others with it."""

from careloop_gateway.routing import Limit

SHARES = {Limit.INGEST: 0.7, Limit.PUBLIC: 0.7, Limit.READ: 0.9, Limit.ADMIN: 1.0, Limit.WRITE: 1.0}
"""How full it may be for a class of routes to get in: data in bulk is shed first, an agent's work last."""


class Bulkhead:
    """Places for requests; who `enter`s must `leave`."""

    def __init__(self, places: int) -> None:
        self.under_way = 0
        self._room = {limit: max(1, round(places * share)) for limit, share in SHARES.items()}

    def enter(self, limit: Limit) -> bool:
        """Take a place; False when there is none for this class."""
        if self.under_way >= self._room[limit]:
            return False
        self.under_way += 1
        return True

    def leave(self) -> None:
        self.under_way -= 1

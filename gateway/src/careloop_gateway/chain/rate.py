from math import ceil
from time import monotonic

from careloop_gateway.errors import RateLimited
from careloop_gateway.exchange import Exchange
from careloop_gateway.limits.gcra import Verdict
from careloop_gateway.limits.limiter import Limiter
from careloop_gateway.metrics import RATE_LIMITED

REFUSED = "refused"


class LimitRate:
    """So much per second for each caller and class of routes; the answer says how much is left."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def __call__(self, exchange: Exchange) -> None:
        limit = exchange.matched.limit
        if limit is None:
            return
        principal = exchange.principal
        caller = principal.id if principal is not None else exchange.address
        self._take(exchange, caller, limit)

    def refused(self, exchange: Exchange) -> None:
        """Count bad credentials against the address that they came from."""
        self._take(exchange, exchange.address, REFUSED)

    def _take(self, exchange: Exchange, caller: str, limit: str) -> None:
        verdict = self._limiter.take(caller, limit, monotonic())
        exchange.answer_headers += (
            (b"ratelimit-policy", self._limiter.policies[limit].encode()),
            (b"ratelimit", _left(limit, verdict)),
        )
        if not verdict.allowed:
            RATE_LIMITED.labels(limit).inc()
            raise RateLimited("Too many requests in a short time.", retry_after=ceil(verdict.retry_after))


def _left(limit: str, verdict: Verdict) -> bytes:
    return f'"{limit}";r={verdict.remaining};t={ceil(verdict.reset)}'.encode()

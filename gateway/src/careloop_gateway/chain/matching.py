import math
from time import monotonic

from careloop_common.errors import BodyTooLarge
from starlette.exceptions import HTTPException

from careloop_gateway.exchange import Exchange
from careloop_gateway.routing import RouteTree

TIMEOUT = b"x-request-timeout"


class MatchRoute:
    """Find the route; with it come the time that the request has and the size that its body may have."""

    def __init__(self, tree: RouteTree) -> None:
        self._tree = tree

    async def __call__(self, exchange: Exchange) -> None:
        methods = self._tree.find(exchange.raw_path)
        if methods is None:
            raise HTTPException(404, "No route has this path.")
        route = methods.get(exchange.method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            raise HTTPException(405, f"This path allows {allowed}.", {"allow": allowed})
        exchange.route = route
        asked = _seconds(exchange.headers.get(TIMEOUT))
        exchange.limited_by_client = asked is not None and asked < route.seconds
        exchange.deadline = monotonic() + (route.seconds if asked is None else min(asked, route.seconds))
        declared = exchange.headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > route.max_body:
            raise BodyTooLarge(f"The body may have {route.max_body} bytes.")


def _seconds(asked: bytes | None) -> float | None:
    """What the client allows; what is no number of seconds allows what the route does."""
    try:
        seconds = float(asked) if asked else math.inf
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None

"""The route table: who may call what, where it goes, and how much of it. What is not in here does not exist.

`tests/contract/test_routes.py` compares it with what the services say of themselves (path, method and `x-scope`).
"""

from careloop_gateway.routes.campaign import CAMPAIGN
from careloop_gateway.routes.profile import PROFILE
from careloop_gateway.routes.scoring import SCORING
from careloop_gateway.routes.ticketing import TICKETING
from careloop_gateway.routes.troubleticket import TMF621
from careloop_gateway.routing import Limit, Route

LOCAL = "gateway"
"""The upstream of the gateway's own routes."""
PERSONAL = "customers:personal"
"""Unmasks names, phone numbers and addresses; no route demands it."""
SELF = "self:read"
"""What everyone may who is known at all."""

OWN = (
    Route("GET", "/v1/customers/{customer_id}/view", LOCAL, "customers:read", Limit.READ),
    Route("GET", "/v1/whoami", LOCAL, SELF, Limit.READ),
    Route("GET", "/v1/api-keys", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("POST", "/v1/api-keys", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("GET", "/v1/api-keys/{key_id}", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("DELETE", "/v1/api-keys/{key_id}", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("POST", "/v1/api-keys/{key_id}/rotate", LOCAL, "api-keys:admin", Limit.ADMIN),
)

PAGES = tuple(
    Route("GET", path, LOCAL, None, None)
    for path in ("/livez", "/readyz", "/metrics", "/docs", "/docs/{file}", "/openapi.json")
)
"""For probes and people, outside of the API."""

API: tuple[Route, ...] = PROFILE + TICKETING + TMF621 + CAMPAIGN + SCORING + OWN
PREFLIGHTS = tuple(
    Route("OPTIONS", route.path, LOCAL, None, None, browsers=True) for route in API if route.browsers
)
"""What browsers ask before they call a route for a page of another origin."""
ROUTES: tuple[Route, ...] = API + PREFLIGHTS + PAGES
UPSTREAMS = ("profile", "ticketing", "campaign", "scoring")

SCOPES = frozenset(route.scope for route in ROUTES if route.scope) | {PERSONAL}
"""Every scope there is."""

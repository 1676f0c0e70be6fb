from careloop_common.errors import ScopeMissing

from careloop_gateway.exchange import Exchange


async def demand_scope(exchange: Exchange) -> None:
    """Refuse callers who do not hold the route's scope."""
    scope, principal = exchange.matched.scope, exchange.principal
    if scope is None:
        return
    if principal is None or scope not in principal.scopes:
        raise ScopeMissing(f"This needs the scope {scope}.", scope=scope)

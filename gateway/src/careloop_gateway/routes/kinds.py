"""Rows of the route table by what they do: most routes of a kind differ in nothing but their address."""

from careloop_gateway.routing import MIB, Limit, Route


def reads(upstream: str, scope: str, *paths: str) -> tuple[Route, ...]:
    return tuple(Route("GET", path, upstream, scope, Limit.READ) for path in paths)


def writes(upstream: str, scope: str, *operations: str) -> tuple[Route, ...]:
    return tuple(
        Route(method, path, upstream, scope, Limit.WRITE)
        for method, path in (operation.split() for operation in operations)
    )


def takes(*paths: str) -> tuple[Route, ...]:
    """Where messages of other systems and of web pages come in."""
    scope = "interactions:write"
    return tuple(
        Route("POST", path, "profile", scope, Limit.INGEST, seconds=30, max_body=MIB, browsers=True)
        for path in paths
    )

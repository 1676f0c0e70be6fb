"""Rows of the route table by what they do: most routes of a kind differ in nothing but their address."""

from functools import partial

from careloop_gateway.routing import MIB, Limit, Route


def reads(upstream: str, scope: str, *paths: str) -> tuple[Route, ...]:
    return tuple(Route("GET", path, upstream, scope, Limit.READ) for path in paths)


def writes(upstream: str, scope: str, *operations: str) -> tuple[Route, ...]:
    return tuple(
        Route(method, path, upstream, scope, Limit.WRITE)
        for method, path in (operation.split() for operation in operations)
    )


def takes(*paths: str, write_keys: bool = True) -> tuple[Route, ...]:
    """Where messages of other systems and of web pages come in."""
    post = partial(Route, "POST", upstream="profile", scope="interactions:write", limit=Limit.INGEST)
    return tuple(post(path, seconds=30, max_body=MIB, browsers=True, write_keys=write_keys) for path in paths)

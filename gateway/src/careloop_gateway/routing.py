"""What a route is, and finding that of a request by a tree of path segments. Deny by default."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_to_bytes

MIB = 1 << 20


class Limit(StrEnum):
    """Classes of routes that share a rate limit, and that are shed together when a service is overloaded."""

    READ = "read"
    WRITE = "write"
    INGEST = "ingest"
    ADMIN = "admin"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `scope` is None on routes for which nobody needs to be known."""

    method: str
    path: str
    upstream: str
    scope: str | None
    limit: Limit | None
    seconds: float = 10.0
    max_body: int = MIB
    browsers: bool = False
    """Whether pages of other origins may call it: see `chain/origins.py`."""
    write_keys: bool = False
    """Whether the body may say the API key: see `chain/write_keys.py`."""


class Node:
    """One level of the tree: the segments that follow, one of which may be a parameter."""

    __slots__ = ("literals", "methods", "parameter")

    def __init__(self) -> None:
        self.literals: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.methods: dict[str, Route] = {}


class RouteTree:
    """Routes by path and method."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node = self._root
        for segment in route.path.split("/")[1:]:
            if segment.startswith("{"):
                node.parameter = node.parameter or Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, Node())
        if route.method in node.methods:
            raise ValueError(f"{route.method} {route.path} is in the table twice")
        node.methods[route.method] = route

    def find(self, raw_path: bytes) -> dict[str, Route] | None:
        """The routes of a path by method, or None when nothing has this path.

        Matches segment by segment, before decoding: `%2F` does not make two segments of one, and a service would read
        it as two. Such a path, and one with dot segments, is no path of ours.
        """
        if not raw_path.isascii():
            return None
        if b"%" in raw_path:
            decoded = unquote_to_bytes(raw_path)
            if decoded.count(b"/") != raw_path.count(b"/") or min(decoded, default=32) < 32:
                return None
            raw_path = decoded
        try:
            first, *segments = raw_path.decode().split("/")
        except UnicodeDecodeError:
            return None
        if first or not segments:
            return None
        return _descend(self._root, segments, 0)


def _descend(node: Node, segments: list[str], depth: int) -> dict[str, Route] | None:
    if depth == len(segments):
        return node.methods or None
    segment = segments[depth]
    child = node.literals.get(segment)
    if child is not None and (found := _descend(child, segments, depth + 1)):
        return found
    if node.parameter is None or segment in {"", ".", ".."} or "\\" in segment:
        return None
    return _descend(node.parameter, segments, depth + 1)

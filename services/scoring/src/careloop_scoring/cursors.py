"""Reading page cursors: what comes back must have the shape that this list gave out."""

from typing import Any

from careloop_common.errors import InvalidCursor

LARGEST = 2**31 - 1


def read(after: tuple[Any, ...] | None, *types: type) -> tuple[Any, ...] | None:
    if after is None:
        return None
    if len(after) != len(types) or not all(_fits(part, of) for part, of in zip(after, types, strict=True)):
        raise InvalidCursor(pointer="/cursor")
    return tuple(of(part) if of is float else part for part, of in zip(after, types, strict=True))


def _fits(part: Any, of: type) -> bool:
    if of in (int, float):
        allowed = (int,) if of is int else (int, float)
        return isinstance(part, allowed) and not isinstance(part, bool) and abs(part) <= LARGEST
    return isinstance(part, of)

"""Shapes of JSON values, and checking against them: just as much as the interface's documents ask for.

Members that a shape does not name are let through: the interface is extensible.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

Fault = tuple[str, str]
"""JSON Pointer, and what is wrong there."""

DEEPEST: Final = 32
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~%&$]+")


@dataclass(frozen=True, slots=True)
class Simple:
    """A string, number or flag, as JSON Schema names it."""

    type: str
    format: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Many:
    of: "Shape"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object. `name` is the `@type` that it has where nobody says another."""

    name: str
    members: Mapping[str, "Shape"]
    required: tuple[str, ...] = field(default=())

    def part(self) -> "Thing":
        """The same of which nothing has to be there: what a patch changes."""
        return Thing(self.name, self.members)


Shape = Simple | Many | Thing

TEXT = Simple("string")
INSTANT = Simple("string", "date-time")
URI = Simple("string", "uri")
NUMBER = Simple("number")
INTEGER = Simple("integer")
FLAG = Simple("boolean")

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}


def faults(value: Any, shape: Shape, pointer: str = "") -> Iterator[Fault]:
    """Everything in which `value` differs from `shape`."""
    match shape:
        case Simple():
            yield from _simple(value, shape, pointer)
        case Many(of):
            if not isinstance(value, list):
                yield pointer, "not an array"
                return
            for place, item in enumerate(value):
                yield from faults(item, of, f"{pointer}/{place}")
        case Thing():
            if not isinstance(value, dict):
                yield pointer, "not an object"
                return
            yield from ((f"{pointer}/{name}", "missing") for name in shape.required if name not in value)
            for name, item in value.items():
                if known := shape.members.get(name):
                    yield from faults(item, known, f"{pointer}/{escaped(name)}")


def _simple(value: Any, shape: Simple, pointer: str) -> Iterator[Fault]:
    flag = isinstance(value, bool)
    if not isinstance(value, _TYPES[shape.type]) or flag != (shape.type == "boolean"):
        yield pointer, f"not of type {shape.type}"
    elif shape.format == "date-time" and not _is_instant(str(value)):
        yield pointer, "not a date and time as RFC 3339 writes them"
    elif shape.format == "uri" and not _URI.fullmatch(str(value)):
        yield pointer, "not an absolute URI"
    elif shape.words and value not in shape.words:
        yield pointer, f"not one of {', '.join(shape.words)}"


def _is_instant(value: str) -> bool:
    if not _INSTANT.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.upper())
    except ValueError:
        return False
    return True


def unfit(value: Any, depth: int = 0) -> str | None:
    """Why a JSON value cannot be stored: characters that PostgreSQL does not keep, or too many levels."""
    if depth > DEEPEST:
        return f"more than {DEEPEST} levels deep"
    if isinstance(value, str):
        return "a character that is no text" if _NO_TEXT.search(value) else None
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124  (NaN)
        return "a number that JSON does not have"
    if isinstance(value, list):
        return next((why for item in value if (why := unfit(item, depth + 1))), None)
    if isinstance(value, dict):
        inside = (unfit(part, depth + 1) for pair in value.items() for part in pair)
        return next((why for why in inside if why), None)
    return None


def typed(value: Any, shape: Shape | None) -> Any:
    """The value with an `@type` on every object that has a name, as version 5 wants it."""
    if isinstance(shape, Many) and isinstance(value, list):
        return [typed(item, shape.of) for item in value]
    if isinstance(shape, Thing) and isinstance(value, dict):
        named = {"@type": shape.name} if shape.name and "@type" not in value else {}
        return {name: typed(item, shape.members.get(name)) for name, item in value.items()} | named
    return value


def schema(shape: Shape) -> dict[str, Any]:
    """The shape as JSON Schema."""
    match shape:
        case Simple():
            found: dict[str, Any] = {"type": shape.type}
            found |= {"format": shape.format} if shape.format else {}
            return found | ({"enum": list(shape.words)} if shape.words else {})
        case Many(of):
            return {"type": "array", "items": schema(of)}
        case Thing():
            members = {name: schema(one) for name, one in shape.members.items()}
            needed = {"required": list(shape.required)} if shape.required else {}
            return {"type": "object", "properties": members, **needed}


def escaped(name: str) -> str:
    """A member's name inside of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")

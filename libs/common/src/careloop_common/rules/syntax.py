"""What was written, before anybody asks what it means: what the text and the stored form have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from careloop_common.rules.errors import Place
from careloop_common.rules.limits import MAX_DEPTH, too_deep


@dataclass(frozen=True, slots=True)
class Value:
    """A truth value, number or text."""

    value: bool | float | str
    place: Place
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    values: tuple[Value, ...]
    place: Place
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute."""

    name: str
    place: Place
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function and what it is applied to."""

    name: str
    arguments: tuple["Syntax", ...]
    place: Place
    depth: int


Syntax = Value | Items | Name | Apply


def apply(name: str, arguments: Sequence[Syntax], place: Place) -> Apply:
    """An application; `RuleError` if it nests too deep. So no tree is ever deeper than it may be, however it is read."""
    depth = 1 + max((argument.depth for argument in arguments), default=0)
    if depth > MAX_DEPTH:
        raise too_deep(place)
    return Apply(name, tuple(arguments), place, depth)

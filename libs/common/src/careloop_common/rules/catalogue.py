"""Types, and the catalogue of attributes that rules may speak of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from careloop_common.rules.errors import Place, RuleError, nearest, shown

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
"""An attribute's name: identifiers joined by dots."""
RESERVED = frozenset({"true", "false", "in", "null"})

TAKEN = RESERVED | {
    "has",
    "size",
    "between",
    "now",
    "days_since",
    "age_years",
    "timestamp",
    "duration",
    "startsWith",
    "endsWith",
    "contains",
}
"""Names that a call already has."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of the language; two types are equal when their names are.

    `values` closes a text type: a rule that compares with any other text is wrong. `pattern`, `counts` and `span` only say
    which values there are, for whoever wants to know whether a rule can hold. `dates` says by what days and years are counted.
    """

    name: str
    values: tuple[str, ...] | None = field(default=None, compare=False)
    pattern: str | None = field(default=None, compare=False)
    counts: bool = field(default=False, compare=False)
    span: tuple[float, float] | None = field(default=None, compare=False)
    dates: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """As messages name it."""
        return self.name


BOOL = Type("bool")
NUMBER = Type("number")
TEXT = Type("text")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
TEXTS = Type("list of text")
NUMBERS = Type("list of number")
"""Only as a literal, to the right of `in`; not for attributes."""

COUNT = Type(NUMBER.name, counts=True)
"""A number of things: whole, and never below zero."""
DATE = Type(TIMESTAMP.name, dates=True)
"""A timestamp that is the begin of a day: days and years since are those of the calendar where now() is told."""

ATTRIBUTE_TYPES = (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION, TEXTS)


def one_of(*values: str) -> Type:
    """Text that is one of these values."""
    return Type(TEXT.name, values)


def like(pattern: str) -> Type:
    """Text that matches this regular expression as a whole."""
    return Type(TEXT.name, pattern=pattern)


def within(least: float, most: float) -> Type:
    """A number from one to the other, both included."""
    return Type(NUMBER.name, span=(float(least), float(most)))


def some_of(*values: str) -> Type:
    """A list of text that has only these values."""
    return Type(TEXTS.name, values)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A family of attributes that is written as a call: `total("calls", "30d")`.

    `parameters` are the values that each argument can have: one or more arguments, always texts in quotes. The back
    ends find the value under the call's canonical text, as that of any attribute. Where the type depends on the first
    argument, as with labels of which some are numbers and some are text, it is `Lookup.typed({"size": NUMBER, …})`.

    `where` lets a condition follow the arguments: `total("calls", "30d", minutes > 5)`. It is a rule of its own over what
    the first argument names, each with a catalogue; who keeps the value finds it in `depends_on`.
    """

    type: Type | Mapping[str, Type]
    parameters: tuple[tuple[str, ...], ...]
    where: Mapping[str, "Catalogue"] | None = None

    @classmethod
    def typed(cls, types: Mapping[str, Type], *parameters: tuple[str, ...]) -> "Lookup":
        """A family whose first argument is one of the keys of `types` and decides the type; `parameters` follow it."""
        return cls(MappingProxyType(dict(types)), (tuple(types), *parameters))

    def types(self) -> Iterator[Type]:
        """Every type that a member of the family can have."""
        if isinstance(self.type, Type):
            yield self.type
        else:
            yield from self.type.values()

    def type_of(self, arguments: Sequence[str]) -> Type:
        """The type of the member for these arguments."""
        return self.type if isinstance(self.type, Type) else self.type[arguments[0]]


class Catalogue(Mapping[str, Type]):
    """Which attributes there are, by name, and of which type; beside them the lookups.

    `ValueError` for a name that a rule could not write, or a type that an attribute cannot have.
    """

    def __init__(self, attributes: Mapping[str, Type], lookups: Mapping[str, Lookup] | None = None) -> None:
        self.lookups = MappingProxyType(dict(lookups or {}))
        for name, lookup in self.lookups.items():
            if not NAME.fullmatch(name) or "." in name or name in TAKEN or not lookup.parameters:
                raise ValueError(f"{name!r} cannot be the name of a lookup, or it has no parameters")
        types = [(name, type_) for name, lookup in self.lookups.items() for type_ in lookup.types()]
        for name, type_ in [*attributes.items(), *types]:
            if not NAME.fullmatch(name) or RESERVED & set(name.split(".")):
                raise ValueError(f"{name!r} cannot be the name of an attribute")
            if type_ not in ATTRIBUTE_TYPES:
                raise ValueError(f"an attribute cannot be a {type_}")
        self._attributes = MappingProxyType(dict(attributes))

    def __getitem__(self, name: str) -> Type:
        """The type of an attribute; `KeyError` if there is none of this name."""
        return self._attributes[name]

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._attributes)

    def __len__(self) -> int:
        """How many attributes there are."""
        return len(self._attributes)

    def find(self, name: str, place: Place) -> Type:
        """The type of an attribute that a rule names; `RuleError` at `place` with the nearest name otherwise."""
        try:
            return self._attributes[name]
        except KeyError:
            what = f"there is no attribute {shown(name)}{nearest(name, self)}"
            raise RuleError.at(place, what) from None

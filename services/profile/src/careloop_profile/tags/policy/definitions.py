"""What a tag's definition says, and what becomes of it when it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from careloop_common.rules import (
    BOOL,
    NUMBER,
    TEXT,
    Attribute,
    Catalogue,
    Rule,
    RuleError,
    Type,
    attributes,
    depends_on,
    one_of,
    parse,
    to_text,
)
from careloop_common.rules.functions import HAS
from careloop_common.rules.tree import Call

Value = bool | float | str
GROUP: Final = 30
"""Tags whose values lie in one row: fewer rows to read, and few enough bytes to write again when one of them changes."""


class Kind(StrEnum):
    """Where the values of a tag come from."""

    RULE = "rule"
    AGGREGATE = "aggregate"
    MANUAL = "manual"
    IMPORT = "import"
    SCORE = "score"

    @property
    def given(self) -> bool:
        """Whether somebody says the values, other than rules over what is known."""
        return self in {Kind.MANUAL, Kind.IMPORT, Kind.SCORE}


class ValueType(StrEnum):
    BOOL = "bool"
    NUMBER = "number"
    TEXT = "text"


class State(StrEnum):
    """`proposed` → `filling`, while everybody is asked in the background → `active` → `superseded` or `retired`."""

    PROPOSED = "proposed"
    FILLING = "filling"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


LIVE: Final = (State.ACTIVE.value, State.FILLING.value)


@dataclass(frozen=True, slots=True)
class Case:
    """The value of a tag where a rule holds; of several cases the first that does."""

    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Content:
    """The part of a definition that says what the values are: one rule, cases, what is counted, or which texts there are."""

    kind: Kind
    value_type: ValueType
    rule: str | None = None
    cases: tuple[Case, ...] = ()
    of: str | None = None
    values: tuple[str, ...] = ()

    @property
    def type(self) -> Type:
        """The type of the values, as rules see it."""
        if self.value_type is ValueType.TEXT:
            return one_of(*self.values) if self.values else TEXT
        return BOOL if self.value_type is ValueType.BOOL else NUMBER

    def contradiction(self) -> str | None:
        """What does not go together, if anything does not."""
        parts = {
            "rule": self.rule is not None,
            "cases": bool(self.cases),
            "of": self.of is not None,
            "values": bool(self.values),
        }
        needed = _NEEDED.get((self.kind, self.value_type), frozenset())
        allowed = needed | ({"values"} if self.kind.given and self.value_type is ValueType.TEXT else set())
        if self.kind is Kind.AGGREGATE and self.value_type is not ValueType.NUMBER:
            return "an aggregate is a number"
        if self.kind is Kind.RULE and self.value_type is ValueType.NUMBER:
            return "a rule gives a bool, or text by cases"
        if missing := sorted(name for name in needed if not parts[name]):
            return f"{missing[0]} is missing"
        if surplus := sorted(name for name, given in parts.items() if given and name not in allowed):
            return f"{surplus[0]} does not go with {self.kind} and {self.value_type}"
        return None


_NEEDED: Final[Mapping[tuple[Kind, ValueType], frozenset[str]]] = {
    (Kind.RULE, ValueType.BOOL): frozenset({"rule"}),
    (Kind.RULE, ValueType.TEXT): frozenset({"cases"}),
    (Kind.AGGREGATE, ValueType.NUMBER): frozenset({"of"}),
    # What people write about somebody in their own words has no place in histories and events.
    (Kind.MANUAL, ValueType.TEXT): frozenset({"values"}),
    (Kind.IMPORT, ValueType.TEXT): frozenset({"values"}),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A content as it is evaluated: values with rules of which at most one holds, or what is counted."""

    outcomes: tuple[tuple[Value, Rule], ...] = ()
    of: str | None = None
    inputs: frozenset[str] = field(default=frozenset())


class Unreadable(ValueError):
    """A rule that cannot be read, and the member of the document that it is in."""

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(why)
        self.pointer = pointer


def read(content: Content, catalogue: Catalogue) -> Reading:
    """What the content means over this catalogue; `Unreadable` otherwise."""
    if content.of is not None:
        attribute = _counted(content.of, catalogue)
        return Reading(of=attribute.key, inputs=frozenset({attribute.key}))
    outcomes = tuple(_outcomes(content, catalogue))
    inputs = frozenset().union(*(attributes(rule) for _, rule in outcomes))
    return Reading(outcomes, inputs=inputs)


def _outcomes(content: Content, catalogue: Catalogue) -> Iterator[tuple[Value, Rule]]:
    if content.rule is not None:
        yield True, _parsed(content.rule, catalogue, "/rule")
    before: list[str] = []
    for place, case in enumerate(content.cases):
        rule = to_text(_parsed(case.rule, catalogue, f"/cases/{place}/rule"))
        exclusive = " && ".join([f"({rule})", *(f"!({earlier})" for earlier in before)])
        yield case.value, _parsed(exclusive, catalogue, f"/cases/{place}/rule")
        before.append(rule)


def _parsed(text: str, catalogue: Catalogue, pointer: str) -> Rule:
    try:
        return parse(text, catalogue)
    except RuleError as error:
        raise Unreadable(pointer, str(error)) from error


def _counted(text: str, catalogue: Catalogue) -> Attribute:
    rule = _parsed(f"has({text})", catalogue, "/of")
    if not (isinstance(rule.root, Call) and rule.root.function.name == HAS):
        raise Unreadable("/of", "what is counted is one fact or one member of a family")
    (found,) = depends_on(rule)
    if found.type != NUMBER:
        raise Unreadable("/of", f"{found.key} is a {found.type}, not a number")
    return found


def canonical(content: Content, catalogue: Catalogue) -> Content:
    """The same with every rule as it is written in only one way."""
    rule = None if content.rule is None else to_text(_parsed(content.rule, catalogue, "/rule"))
    cases = [
        Case(case.value, to_text(_parsed(case.rule, catalogue, f"/cases/{place}/rule")))
        for place, case in enumerate(content.cases)
    ]
    of = None if content.of is None else _counted(content.of, catalogue).key
    return Content(content.kind, content.value_type, rule, tuple(cases), of, content.values)


def group_of(number: int) -> int:
    """In which row the values of the so-manieth tag lie."""
    return number // GROUP


def given_types(contents: Mapping[str, Content]) -> dict[str, Type]:
    """The types of the tags that somebody gives, by their codes."""
    return {code: content.type for code, content in contents.items() if content.kind.given}


def checked_value(content: Content, value: Value) -> bool:
    """Whether somebody can give a tag this value."""
    expected = {ValueType.BOOL: bool, ValueType.TEXT: str}.get(content.value_type, float)
    if type(value) is not expected and not (expected is float and type(value) is int):
        return False
    return not content.values or value in content.values

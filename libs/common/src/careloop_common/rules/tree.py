"""A checked rule: a tree in which every part has its type and every operator its function."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from careloop_common.rules.catalogue import Type
from careloop_common.rules.functions import NOW, RELATIVE, Function
from careloop_common.rules.literals import write_text

Scalar = bool | float | str | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: bool, number (always a float), text, time in UTC or duration."""

    value: Scalar
    type: Type


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """A list of numbers or of text."""

    values: tuple[float, ...] | tuple[str, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the catalogue, or what a lookup gives for its arguments."""

    name: str
    type: Type
    arguments: tuple[str, ...] = ()
    where: "Where | None" = None

    @property
    def key(self) -> str:
        """Where the back ends find its value: `name`, or `name("a", "b")`, as in the canonical text."""
        written = [*map(write_text, self.arguments), *([self.where.text] if self.where else [])]
        return f"{self.name}({', '.join(written)})" if written else self.name


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its operands; of `&&` and `||` there are two or more."""

    function: Function
    arguments: tuple["Node", ...]

    @property
    def type(self) -> Type:
        """The type of the result."""
        return self.function.result


Node = Literal | ListLiteral | Attribute | Call


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that has passed every check. Two rules are equal, and hash alike, when their trees are equal."""

    root: Node


@dataclass(frozen=True, slots=True)
class Where:
    """The condition of a lookup: a rule over other attributes, and its canonical text."""

    rule: Rule
    text: str


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it; not what a lookup is asked for, which is no part of the rule's own values."""
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)


def depends_on(rule: Rule) -> frozenset[Attribute]:
    """The attributes and lookups whose values decide, with their arguments and types."""
    return frozenset(node for node in walk(rule.root) if isinstance(node, Attribute))


def attributes(rule: Rule) -> frozenset[str]:
    """The keys of what the rule depends on: `fee`, `total("calls", "30d")`."""
    return frozenset(attribute.key for attribute in depends_on(rule))


def uses_now(rule: Rule) -> bool:
    """Whether the rule can change its mind by time alone; `timing.next_change` says when."""
    return moves(rule.root)


def moves(node: Node) -> bool:
    """Whether the value of a node depends on the time of the evaluation."""
    return any(isinstance(one, Call) and one.function.name in {NOW, *RELATIVE} for one in walk(node))

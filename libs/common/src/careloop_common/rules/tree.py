"""A checked rule: a tree in which every part has its type and every operator its function."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from careloop_common.rules.catalogue import Type
from careloop_common.rules.functions import NOW, Function
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

    @property
    def key(self) -> str:
        """Where the back ends find its value: `name`, or `name("a", "b")`, as in the canonical text."""
        return f"{self.name}({', '.join(map(write_text, self.arguments))})" if self.arguments else self.name


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


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)


def attributes(rule: Rule) -> frozenset[str]:
    """The keys of the attributes and lookups that the rule depends on: `fee`, `total("calls", "30d")`."""
    return frozenset(node.key for node in walk(rule.root) if isinstance(node, Attribute))


def uses_now(rule: Rule) -> bool:
    """Whether the rule can change its mind by time alone."""
    return any(isinstance(node, Call) and node.function.name == NOW for node in walk(rule.root))

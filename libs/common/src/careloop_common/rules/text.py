"""The canonical text of a rule: one way to write each tree, with no more parentheses than it needs."""

from datetime import datetime, timedelta

from careloop_common.rules.functions import COMPARING, POWERS, PREFIX_POWER, Form
from careloop_common.rules.literals import write_duration, write_text, write_timestamp
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Node, Rule, Scalar

_HIGHEST = PREFIX_POWER + 1


def to_text(rule: Rule) -> str:
    """The rule as text; `parse` makes the same rule of it."""
    return _written(rule.root)[0]


def _written(node: Node) -> tuple[str, int]:
    """The text of a node, and how strongly it holds together."""
    if isinstance(node, Attribute):
        return node.key, _HIGHEST
    if isinstance(node, Literal):
        return _value(node.value), _HIGHEST
    if isinstance(node, ListLiteral):
        return f"[{', '.join(map(_value, node.values))}]", _HIGHEST
    return _call(node)


def _call(node: Call) -> tuple[str, int]:
    name, form = node.function.name, node.function.form
    if form is Form.INFIX:
        power = POWERS[name]
        # What stands to the right of an operator of its own power was in parentheses, and so was a comparison.
        first = _operand(node.arguments[0], power + (power == COMPARING))
        others = [_operand(argument, power + 1) for argument in node.arguments[1:]]
        return f" {name} ".join([first, *others]), power
    if form is Form.PREFIX:
        return name + _operand(node.arguments[0], PREFIX_POWER), PREFIX_POWER
    arguments = [_written(argument)[0] for argument in node.arguments]
    if form is Form.METHOD:
        receiver = _operand(node.arguments[0], _HIGHEST)
        return f"{receiver}.{name}({', '.join(arguments[1:])})", _HIGHEST
    return f"{name}({', '.join(arguments)})", _HIGHEST


def _operand(node: Node, least: int) -> str:
    text, power = _written(node)
    return text if power >= least else f"({text})"


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return write_text(value)
    if isinstance(value, datetime):
        return f'timestamp("{write_timestamp(value)}")'
    if isinstance(value, timedelta):
        return f'duration("{write_duration(value)}")'
    return str(int(value)) if value.is_integer() else repr(value)

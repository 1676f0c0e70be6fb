"""The stored form of a rule: a JSON document that an editor can work on.

{"version": 1, "rule": node}
node = {"value": true | 24 | "text"} | {"timestamp": "2026-01-01T00:00:00Z"} | {"duration": "72h"}
     | {"list": ["a", "b"]} | {"attribute": "name"} | {"op": "&&", "args": [node, …]}
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from careloop_common.rules.catalogue import Catalogue
from careloop_common.rules.check import check
from careloop_common.rules.errors import RuleError
from careloop_common.rules.limits import MAX_DEPTH, MAX_ITEMS, Budget, check_text, too_deep
from careloop_common.rules.literals import write_duration, write_timestamp
from careloop_common.rules.syntax import Items, Name, Syntax, Value, apply
from careloop_common.rules.tree import Attribute, ListLiteral, Literal, Node, Rule, Scalar

VERSION = 1
_LONGEST_NAME = 200


def to_json(rule: Rule) -> dict[str, Any]:
    """The rule as a JSON document; `from_json` makes the same rule of it."""
    return {"version": VERSION, "rule": _document(rule.root)}


def from_json(document: Any, catalogue: Catalogue) -> Rule:
    """The rule that a parsed JSON document means; `RuleError` with a pointer into it for anything else."""
    if not isinstance(document, dict) or set(document) != {"version", "rule"}:
        raise RuleError.at("", "a rule is an object with the members version and rule")
    if document["version"] != VERSION or isinstance(document["version"], bool):
        raise RuleError.at("/version", f"this version is not known; it is {VERSION}")
    return check(_Reader().node(document["rule"], "/rule", 1), catalogue)


def _document(node: Node) -> dict[str, Any]:
    if isinstance(node, Attribute):
        if node.arguments:
            where = [_document(node.where.rule.root)] if node.where else []
            return {"op": node.name, "args": [*({"value": argument} for argument in node.arguments), *where]}
        return {"attribute": node.name}
    if isinstance(node, ListLiteral):
        return {"list": [_plain(value) for value in node.values]}
    if isinstance(node, Literal):
        name = {datetime: "timestamp", timedelta: "duration"}.get(type(node.value), "value")
        return {name: _plain(node.value)}
    return {"op": node.function.name, "args": [_document(argument) for argument in node.arguments]}


def _plain(value: Scalar) -> bool | int | float | str:
    if isinstance(value, datetime):
        return write_timestamp(value)
    if isinstance(value, timedelta):
        return write_duration(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Reader:
    """Documents to syntax. Depth is checked on the way down, so that no document makes it recurse too far."""

    def __init__(self) -> None:
        self._budget = Budget()
        self._members: dict[str, Callable[[Any, str, int], Syntax]] = {
            "value": lambda value, at, _: _scalar(value, at),
            "timestamp": self._constant("timestamp"),
            "duration": self._constant("duration"),
            "list": self._list,
            "attribute": lambda value, at, _: Name(_name(value, at), at),
        }

    def node(self, document: Any, place: str, depth: int) -> Syntax:
        if depth > MAX_DEPTH:
            raise too_deep(place)
        self._budget.spend(place)
        if isinstance(document, dict):
            if set(document) == {"op", "args"}:
                return self._apply(document["op"], document["args"], place, depth)
            for name, read in self._members.items():
                if set(document) == {name}:
                    return read(document[name], f"{place}/{name}", depth)
        members = ", ".join([*self._members, "op and args"])
        raise RuleError.at(place, f"a part of a rule is an object with one of: {members}")

    def _apply(self, name: Any, arguments: Any, place: str, depth: int) -> Syntax:
        op = _name(name, f"{place}/op")
        if op in {"timestamp", "duration"}:
            raise RuleError.at(f"{place}/op", f"write it as the member {op}")
        if not isinstance(arguments, list):
            raise RuleError.at(f"{place}/args", "the operands are an array")
        read = [self.node(one, f"{place}/args/{at}", depth + 1) for at, one in enumerate(arguments)]
        return apply(op, read, place)

    def _list(self, items: Any, place: str, _: int) -> Items:
        if not isinstance(items, list) or len(items) > MAX_ITEMS:
            raise RuleError.at(place, f"a list is an array of at most {MAX_ITEMS} items")
        read = []
        for at, item in enumerate(items):
            self._budget.spend(f"{place}/{at}")
            read.append(_scalar(item, f"{place}/{at}"))
        return Items(tuple(read), place)

    def _constant(self, name: str) -> Callable[[Any, str, int], Syntax]:
        def read(value: Any, place: str, _: int) -> Syntax:
            self._budget.spend(place)  # as in a text, where it is a call with one value
            return apply(name, [_scalar(value, place)], place)

        return read


def _scalar(value: Any, place: str) -> Value:
    if isinstance(value, bool):
        return Value(value, place)
    if isinstance(value, str):
        return Value(check_text(value, place), place)
    if isinstance(value, int | float):
        try:
            return Value(float(value), place)
        except OverflowError:
            raise RuleError.at(place, "the number is too large") from None
    raise RuleError.at(place, "a value is true, false, a number or text")


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise RuleError.at(place, "a name is text")
    return value

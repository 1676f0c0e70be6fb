"""The Python back end: many rules become one generated function that loads each attribute once.

Only nodes of a checked tree reach the generator, and what it writes consists of the templates of this module and of names
that it numbers itself (`a0` attributes, `c0` constants, `t0` results). Names and values of a rule are never part of the
source: they are bound as constants of the function.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from careloop_common.rules import values
from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, TEXT, TEXTS, TIMESTAMP, Type
from careloop_common.rules.functions import AND, HAS, NOT, NOW, OR
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Node, Rule, uses_now
from careloop_common.rules.values import EPOCH

Evaluate = Callable[[Mapping[str, Any], datetime], list[bool]]
"""`evaluate(values, now)`: one truth value for each rule, in their order."""

_COMPARED = (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION)
PYTHON: dict[str, str] = {
    **{f"{op}({type_}, {type_})": f"{{0}} {op} {{1}}" for op in ("==", "!=") for type_ in _COMPARED},
    **{
        f"{op}({type_}, {type_})": f"{{0}} {op} {{1}}"
        for op in ("<", "<=", ">", ">=")
        for type_ in _COMPARED[1:]
    },
    **{f"between({type_}, {type_}, {type_})": "{1} <= {0} <= {2}" for type_ in _COMPARED[1:]},
    "in(text, list of text)": "{0} in {1}",
    "in(number, list of number)": "{0} in {1}",
    "startsWith(text, text)": "{0}.startswith({1})",
    "endsWith(text, text)": "{0}.endswith({1})",
    "contains(text, text)": "{1} in {0}",
    "size(text)": "size({0})",
    "size(list of text)": "size({0})",
    "+(number, number)": "plus({0}, {1})",
    "-(number, number)": "minus({0}, {1})",
    "*(number, number)": "times({0}, {1})",
    "/(number, number)": "divided({0}, {1})",
    "-(number)": "negative({0})",
    "-(duration)": "negative({0})",
    "-(timestamp, timestamp)": "since({0}, {1})",
    "+(timestamp, duration)": "later({0}, {1})",
    "-(timestamp, duration)": "earlier({0}, {1})",
    "+(duration, duration)": "joined({0}, {1})",
    "-(duration, duration)": "shortened({0}, {1})",
    "days_since(timestamp)": "days_since({0}, now)",
    "age_years(timestamp)": "age_years({0}, now)",
    "days_since(date)": "date_days_since({0}, today)",
    "age_years(date)": "date_age_years({0}, today)",
}
"""What each function is in Python. Conditions get operands that are not missing; all others may get none."""

WRITTEN_OUT = frozenset({OR, AND, NOT, HAS, NOW})
"""Functions that `_Writer` writes itself."""

_LOADS: dict[Type, str] = {
    BOOL: "if {0} is not None and {0} is not True and {0} is not False: {0} = boolean({0})",
    NUMBER: "if {0} is not None and not (type({0}) in NUMERIC and (FINEST <= {0} < BOUND or not {0})):"
    " {0} = number({0})",
    TEXT: "if {0} is not None and type({0}) is not str: {0} = text({0})",
    TIMESTAMP: "if {0} is not None and not (type({0}) is datetime and {0}.tzinfo is UTC and FIRST <= {0} <= LAST):"
    " {0} = timestamp({0})",
    DURATION: "if {0} is not None: {0} = duration({0})",
    TEXTS: "if {0} is not None and type({0}) not in COLLECTIONS: {0} = texts({0})",
}
"""How an attribute's value is brought to its type; what is already right, which is nearly all, costs no call."""

_NAMES = {
    "__builtins__": {},
    "type": type,
    "str": str,
    "datetime": datetime,
    "UTC": UTC,
    **{
        name: getattr(values, name) for name in ("NUMERIC", "COLLECTIONS", "FINEST", "BOUND", "FIRST", "LAST")
    },
    **{
        name: getattr(values, name)
        for name in ("boolean", "number", "text", "timestamp", "duration", "texts")
    },
    **{name: getattr(values, name) for name in ("plus", "minus", "times", "divided", "negative", "size")},
    **{name: getattr(values, name) for name in ("later", "earlier", "since", "joined", "shortened")},
    **{
        name: getattr(values, name)
        for name in ("days_since", "age_years", "date_days_since", "date_age_years")
    },
}
"""Everything that a generated function can reach."""


def compile_python(rules: Sequence[Rule]) -> Evaluate:
    """One function for all `rules`: `evaluate(values, now)` gives their truth values in their order.

    `values` maps attribute names to bool, int or float (also Decimal), str, aware datetime, timedelta, or a list, tuple
    or set of str; what is absent, None or of another type is missing, and raises nothing. The zone of `now` is the one whose
    days and years are counted of dates; `ValueError` if it has none. Compiling takes about a millisecond for 50 rules and is
    cached by the rules' trees.
    """
    return _compiled(tuple(rules))


@lru_cache(maxsize=256)
def _compiled(rules: tuple[Rule, ...]) -> Evaluate:
    writer = _Writer()
    results = [writer.condition(rule.root) for rule in rules]
    evaluate: Evaluate = writer.function(results, uses_now=any(map(uses_now, rules)))
    return evaluate


def compile_values(nodes: Sequence[Node]) -> Callable[[Mapping[str, Any]], list[Any]]:
    """One function for what parts of rules are, as long as they do not use now(): their values, None where missing."""
    writer = _Writer()
    results = [writer.value(node) for node in nodes]
    evaluate = writer.function(results, uses_now=False)
    return lambda values: evaluate(values, EPOCH)


def moment(now: datetime) -> datetime:
    """`now` in UTC; `ValueError` if it has no zone."""
    found = values.timestamp(now)
    if found is None:
        raise ValueError("now needs a zone")
    return found


class _Writer:
    def __init__(self) -> None:
        self._constants: dict[str, Any] = {}
        self._bound: dict[tuple[type, Any], str] = {}
        self._attributes: dict[str, tuple[str, Type]] = {}
        self._results = 0
        self._dates = False

    def function(
        self, results: Sequence[str], *, uses_now: bool
    ) -> Callable[[Mapping[str, Any], datetime], Any]:
        """The function `evaluate(values, now)` that gives the list of these expressions."""
        lines = ["def evaluate(values, now):", *(f"    {line}" for line in self._loads())]
        if uses_now:
            today = "today_of(now)" if self._dates else "None"
            lines.append(f"    today, now = {today}, moment(now)")
        lines += ["    return [", *(f"        {result}," for result in results), "    ]"]
        names: dict[str, Any] = {**_NAMES, **self._constants, "moment": moment, "today_of": values.today}
        exec(compile("\n".join(lines), "<rules>", "exec"), names)  # noqa: S102  (see above what can be in it)
        evaluate: Callable[[Mapping[str, Any], datetime], Any] = names["evaluate"]
        return evaluate

    def _loads(self) -> list[str]:
        """The statements that read every attribute."""
        lines = ["get = values.get"] if self._attributes else []
        for name, (variable, type_) in self._attributes.items():
            lines += [f"{variable} = get({self._constant(name)})", _LOADS[type_].format(variable)]
        return lines

    def condition(self, node: Node) -> str:
        """An expression that is True or False, never None."""
        if isinstance(node, Literal):
            return str(bool(node.value))
        if not isinstance(node, Call):
            return f"({self.value(node)} is True)"
        name = node.function.name
        if name in {AND, OR}:
            joint = " and " if name == AND else " or "
            return f"({joint.join(map(self.condition, node.arguments))})"
        if name == NOT:
            return f"(not {self.condition(node.arguments[0])})"
        if name == HAS:
            return f"({self.value(node.arguments[0])} is not None)"
        return self._leaf(node)

    def _leaf(self, node: Call) -> str:
        """A condition on operands, false if one of them is missing."""
        present, operands = [], []
        for argument in node.arguments:
            value = self.value(argument)
            if isinstance(argument, Attribute):
                present.append(f"{value} is not None")
            elif isinstance(argument, Call) and argument.type != BOOL and argument.function.name != NOW:
                result = f"t{self._results}"
                self._results += 1
                present.append(f"({result} := {value}) is not None")
                value = result
            operands.append(value)
        return f"({' and '.join([*present, self._applied(node, operands)])})"

    def value(self, node: Node) -> str:
        """An expression that is the node's value, or None if that is missing."""
        if isinstance(node, Attribute):
            return self._attributes.setdefault(node.key, (f"a{len(self._attributes)}", node.type))[0]
        if isinstance(node, Literal):
            return self._constant(node.value)
        if isinstance(node, ListLiteral):
            return self._constant(frozenset(node.values))
        if node.function.name == NOW:
            return "now"
        if node.type == BOOL:
            return self.condition(node)
        return self._applied(node, list(map(self.value, node.arguments)))

    def _applied(self, node: Call, operands: Sequence[str]) -> str:
        self._dates = self._dates or node.function.dates
        return PYTHON[node.function.key].format(*operands)

    def _constant(self, value: Any) -> str:
        # True equals 1.0, and must not stand for it.
        key = (type(value), value)
        if key not in self._bound:
            self._bound[key] = f"c{len(self._bound)}"
            self._constants[self._bound[key]] = value
        return self._bound[key]

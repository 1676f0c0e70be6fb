"""Syntax to a checked tree: which function an operator is, what it is applied to, and whether that makes sense."""

from collections.abc import Sequence
from datetime import timedelta

from careloop_common.rules.catalogue import (
    BOOL,
    DURATION,
    NUMBER,
    NUMBERS,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Catalogue,
    Lookup,
)
from careloop_common.rules.errors import Place, RuleError, nearest, shown
from careloop_common.rules.functions import AND, EQUATING, FUNCTIONS, HAS, OR, Function
from careloop_common.rules.limits import MAX_TEXT
from careloop_common.rules.literals import read_duration, read_timestamp
from careloop_common.rules.syntax import Apply, Items, Name, Syntax, Value
from careloop_common.rules.text import to_text
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Node, Rule, Where, uses_now
from careloop_common.rules.values import normal


def check(syntax: Syntax, catalogue: Catalogue) -> Rule:
    """The rule that `syntax` means; `RuleError` at the place of the first part that means nothing."""
    root = _Checker(catalogue).node(syntax)
    if root.type != BOOL:
        raise RuleError.at(syntax.place, f"a rule is true or false, and this is a {root.type}")
    rule = Rule(root)
    if len(to_text(rule)) > MAX_TEXT:
        raise RuleError.at(syntax.place, f"the rule has more than {MAX_TEXT} characters")
    return rule


class _Checker:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def node(self, syntax: Syntax) -> Node:
        if isinstance(syntax, Value):
            return _literal(syntax)
        if isinstance(syntax, Items):
            return _list(syntax)
        if isinstance(syntax, Name):
            return Attribute(syntax.name, self._catalogue.find(syntax.name, syntax.place))
        if syntax.name in {"timestamp", "duration"}:
            return _constant(syntax)
        return self._call(syntax)

    def _call(self, syntax: Apply) -> Node:
        if lookup := self._catalogue.lookups.get(syntax.name):
            return _looked_up(syntax, lookup)
        if syntax.name not in FUNCTIONS:
            known = [*FUNCTIONS, *self._catalogue.lookups]
            what = f"there is no function {shown(syntax.name)}{nearest(syntax.name, known)}"
            raise RuleError.at(syntax.place, what)
        arguments = [self.node(argument) for argument in syntax.arguments]
        if syntax.name == HAS and not (len(arguments) == 1 and isinstance(arguments[0], Attribute)):
            raise RuleError.at(syntax.place, "has takes one attribute")
        if syntax.name in {AND, OR}:
            return _joined(syntax, arguments)
        function = _resolve(syntax, arguments)
        if syntax.name == "-" and len(arguments) == 1 and isinstance(arguments[0], Literal):
            return _negated(arguments[0])
        if syntax.name in EQUATING:
            _check_closed(syntax, arguments)
        return Call(function, tuple(arguments))


def _literal(syntax: Value) -> Literal:
    if isinstance(syntax.value, bool):
        return Literal(syntax.value, BOOL)
    if isinstance(syntax.value, str):
        return Literal(syntax.value, TEXT)
    return Literal(_number(syntax.value, syntax.place), NUMBER)


def _number(value: float, place: Place) -> float:
    if normal(value) != value:
        raise RuleError.at(place, "a number is below 10^15 and not closer to zero than 10^-44")
    return value or 0.0  # never -0.0


def _list(syntax: Items) -> ListLiteral:
    if not syntax.values:
        raise RuleError.at(syntax.place, "the list is empty")
    first = syntax.values[0]
    for item in syntax.values:
        if isinstance(item.value, bool) or type(item.value) is not type(first.value):
            raise RuleError.at(item.place, "the items of a list are all numbers or all text")
    texts = tuple(item.value for item in syntax.values if isinstance(item.value, str))
    if texts:
        return ListLiteral(texts, TEXTS)
    numbers = ((item.value, item.place) for item in syntax.values if not isinstance(item.value, str))
    return ListLiteral(tuple(_number(value, place) for value, place in numbers), NUMBERS)


def _constant(syntax: Apply) -> Literal:
    argument = syntax.arguments[0] if len(syntax.arguments) == 1 else None
    if not isinstance(argument, Value) or not isinstance(argument.value, str):
        raise RuleError.at(syntax.place, f"{syntax.name} takes one text in quotes")
    if syntax.name == "timestamp":
        return Literal(read_timestamp(argument.value, argument.place), TIMESTAMP)
    return Literal(read_duration(argument.value, argument.place), DURATION)


def _looked_up(syntax: Apply, lookup: Lookup) -> Attribute:
    count, given = len(lookup.parameters), len(syntax.arguments)
    if given != count and not (lookup.where and given == count + 1):
        also = " and a condition" if lookup.where else ""
        raise RuleError.at(syntax.place, f"{syntax.name} takes {count} texts{also}, not {given}")
    texts = []
    for argument, values in zip(syntax.arguments, lookup.parameters, strict=False):
        if not isinstance(argument, Value) or not isinstance(argument.value, str):
            raise RuleError.at(argument.place, f"{syntax.name} takes texts in quotes")
        if argument.value not in values:
            what = f"{shown(argument.value)} is not one of the values{nearest(argument.value, values)}"
            raise RuleError.at(argument.place, what)
        texts.append(argument.value)
    known = (lookup.where or {}).get(texts[0], Catalogue({}))
    where = _where(syntax.arguments[-1], known) if given > count else None
    return Attribute(syntax.name, lookup.type_of(texts), tuple(texts), where)


def _where(syntax: Syntax, known: Catalogue) -> Where:
    """A condition that says the same whenever it is asked, since what was counted is not counted again."""
    rule = check(syntax, known)
    if uses_now(rule):
        raise RuleError.at(syntax.place, "a condition of a lookup cannot depend on now()")
    return Where(rule, to_text(rule))


def _negated(literal: Literal) -> Literal:
    if isinstance(literal.value, timedelta):
        return Literal(-literal.value, literal.type)
    assert isinstance(literal.value, float)
    return Literal(-literal.value or 0.0, literal.type)


def _joined(syntax: Apply, arguments: Sequence[Node]) -> Call:
    """`&&` or `||` over all operands; those of the same operator inside join it, since that changes nothing."""
    if len(arguments) < 2:
        raise RuleError.at(syntax.place, f"{syntax.name} takes two operands or more")
    flat: list[Node] = []
    for written, argument in zip(syntax.arguments, arguments, strict=True):
        if argument.type != BOOL:
            raise RuleError.at(
                written.place, f"{syntax.name} joins conditions, and this is a {argument.type}"
            )
        same = isinstance(argument, Call) and argument.function.name == syntax.name
        flat += argument.arguments if same and isinstance(argument, Call) else [argument]
    return Call(FUNCTIONS[syntax.name][0], tuple(flat))


def _resolve(syntax: Apply, arguments: Sequence[Node]) -> Function:
    types = tuple(argument.type for argument in arguments)
    known = FUNCTIONS[syntax.name]
    dates = any(type_.dates for type_ in types)
    fitting = [function for function in known if function.parameters == types]
    if fitting:
        # What is only for dates, for dates; everything else goes with them as with any timestamp.
        return next((function for function in fitting if function.dates == dates), fitting[0])
    counts = sorted({len(function.parameters) for function in known})
    if len(types) not in counts:
        takes = " or ".join(map(str, counts))
        operands = "operand" if counts[-1] == 1 else "operands"
        raise RuleError.at(syntax.place, f"{syntax.name} takes {takes} {operands}, not {len(types)}")
    # The first operand that no function of this name would take there is the one to point at.
    wrong = (
        written
        for end, written in enumerate(syntax.arguments, 1)
        if not any(function.parameters[:end] == types[:end] for function in known)
    )
    written = next(wrong, syntax.arguments[-1])
    given = " and ".join(map(str, types))
    raise RuleError.at(written.place, f"{syntax.name} does not go with {given}{_hint(syntax, types)}")


def _hint(syntax: Apply, types: Sequence[object]) -> str:
    if syntax.name in EQUATING | {"<", "<=", ">", ">="} and {TIMESTAMP, TEXT} == set(types):
        return '; write the time as timestamp("…")'
    if {DURATION, TEXT} == set(types):
        return '; write the duration as duration("…")'
    return ""


def _check_closed(syntax: Apply, arguments: Sequence[Node]) -> None:
    """A text that the other operand never is would make a condition that is never true: a mistake."""
    (left, right), (left_written, right_written) = arguments, syntax.arguments
    for one, other, written in ((left, right, right_written), (right, left, left_written)):
        if one.type.values is None:
            continue
        for text, place in _texts(other, written):
            if text not in one.type.values:
                what = f"{shown(text)} is not one of the values{nearest(text, one.type.values)}"
                raise RuleError.at(place, what)


def _texts(node: Node, syntax: Syntax) -> list[tuple[str, Place]]:
    if isinstance(node, Literal) and isinstance(node.value, str):
        return [(node.value, syntax.place)]
    if isinstance(node, ListLiteral) and isinstance(syntax, Items):
        return [(item.value, item.place) for item in syntax.values if isinstance(item.value, str)]
    return []

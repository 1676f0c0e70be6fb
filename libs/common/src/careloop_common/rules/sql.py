"""The PostgreSQL back end: a rule becomes a condition that is true or false, never NULL, and never raises.

Not imported by the package itself, so that pure code can read and evaluate rules without SQLAlchemy.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import ARRAY

from careloop_common.rules import sql_values
from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, NUMBERS, TEXT, TIMESTAMP
from careloop_common.rules.functions import AND, HAS, NOT, NOW, OR
from careloop_common.rules.python import moment
from careloop_common.rules.sql_values import Column, bounded_duration, bounded_number, bounded_time
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Node, Rule
from careloop_common.rules.values import EPOCH, MICROSECOND


class Columns(Protocol):
    """A mapping, or the columns of a table."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]:
        """The expression for an attribute or a lookup; `KeyError` if there is none."""


_Emit = Callable[..., Column]
_COMPARED = (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION)
_COMPARISONS: dict[str, _Emit] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _in(value: Column, items: Column) -> Column:
    return value == sa.any_(items)


def _between(value: Column, least: Column, most: Column) -> Column:
    # Not BETWEEN: three comparisons of the same kind as everywhere else.
    return sa.and_(least <= value, value <= most)


def _quotient(left: Column, right: Column) -> Column:
    # Without its type the divisor would be cast to numeric, which keeps 15 digits.
    return bounded_number(left / sa.func.nullif(right, sql_values.ZERO, type_=sa.Double()))


SQL: dict[str, _Emit] = {
    **{f"{op}({type_}, {type_})": _COMPARISONS[op] for op in ("==", "!=") for type_ in _COMPARED},
    **{
        f"{op}({type_}, {type_})": _COMPARISONS[op]
        for op in ("<", "<=", ">", ">=")
        for type_ in _COMPARED[1:]
    },
    **{f"between({type_}, {type_}, {type_})": _between for type_ in _COMPARED[1:]},
    "in(text, list of text)": _in,
    "in(number, list of number)": _in,
    "startsWith(text, text)": lambda text, start: sa.func.starts_with(text, start, type_=sa.Boolean()),
    "endsWith(text, text)": lambda text, end: sa.func.right(text, sa.func.char_length(end)) == end,
    "contains(text, text)": lambda text, part: sa.func.strpos(text, part, type_=sa.Integer()) > 0,
    "size(text)": lambda text: sa.cast(sa.func.char_length(text), sa.Double),
    "size(list of text)": lambda items: sa.cast(sa.func.cardinality(items), sa.Double),
    "+(number, number)": lambda left, right: bounded_number(left + right),
    "-(number, number)": lambda left, right: bounded_number(left - right),
    "*(number, number)": lambda left, right: bounded_number(left * right),
    "/(number, number)": _quotient,
    "-(number)": lambda value: -value,
    "-(duration)": lambda value: -value,
    "-(timestamp, timestamp)": lambda left, right: left - right,
    "+(timestamp, duration)": lambda left, right: bounded_time(left + right),
    "-(timestamp, duration)": lambda left, right: bounded_time(left - right),
    "+(duration, duration)": lambda left, right: bounded_duration(left + right),
    "-(duration, duration)": lambda left, right: bounded_duration(left - right),
}
"""What each function is in SQL. Operands are double precision, text under COLLATE "C", boolean, text[], and for times and
durations bigint microseconds; any of them may be NULL, which makes the result NULL."""

WRITTEN_OUT = frozenset({OR, AND, NOT, HAS, NOW})
"""Functions that `_Writer` writes itself."""


def to_sql(rule: Rule, columns: Columns, now: datetime) -> ColumnElement[bool]:
    """The rule as a condition over `columns`, an SQL expression for each attribute that the rule depends on.

    Every value is a bound parameter, `now` too. The SQL types that go with each type are: boolean; any number; any
    text; timestamptz; interval without months, or bigint microseconds; text[]. `KeyError` for an attribute without a
    column, `TypeError` for a column of another type, `ValueError` if `now` has no zone. For members of a JSONB
    document see `sql_values.member`.
    """
    return _Writer(columns, moment(now)).condition(rule.root)


class _Writer:
    def __init__(self, columns: Columns, now: datetime) -> None:
        self._columns = columns
        self._now = now
        self._loaded: dict[str, Column] = {}

    def condition(self, node: Node) -> Column:
        """A condition that is true or false, never NULL."""
        if isinstance(node, Literal):
            return sa.true() if node.value else sa.false()
        if not isinstance(node, Call):
            return sa.func.coalesce(self._value(node), sa.false())
        name = node.function.name
        if name in {AND, OR}:
            join = sa.and_ if name == AND else sa.or_
            return join(*map(self.condition, node.arguments))
        if name == NOT:
            return sa.not_(self.condition(node.arguments[0]))
        if name == HAS:
            return self._value(node.arguments[0]).is_not(None)
        return sa.func.coalesce(self._leaf(node), sa.false())

    def _leaf(self, node: Call) -> Column:
        emit = SQL[node.function.key]
        if all(_plain_time(argument) for argument in node.arguments):
            # Compared as they are; microseconds are for calculating.
            return emit(*map(self._time, node.arguments))
        return emit(*map(self._value, node.arguments))

    def _value(self, node: Node) -> Column:
        if isinstance(node, Attribute):
            if node.key not in self._loaded:
                self._loaded[node.key] = sql_values.loaded(self._columns[node.key], node.type)
            return self._loaded[node.key]
        if isinstance(node, Literal):
            return _bound(node.value)
        if isinstance(node, ListLiteral):
            item = sa.Double() if node.type == NUMBERS else sa.Text()
            return sa.literal(list(node.values), ARRAY(item))
        if node.function.name == NOW:
            return _bound(self._now)
        if node.type == BOOL:
            # In CASE, since NOT binds less than a comparison.
            return sa.case((self.condition(node), sa.true()), else_=sa.false())
        return SQL[node.function.key](*map(self._value, node.arguments))

    def _time(self, node: Node) -> Column:
        if isinstance(node, Attribute):
            return sql_values.loaded_time(self._columns[node.key])
        return sa.literal(node.value if isinstance(node, Literal) else self._now, sa.DateTime(timezone=True))


def _plain_time(node: Node) -> bool:
    """Whether this is a time that no calculation made."""
    return node.type == TIMESTAMP and (not isinstance(node, Call) or node.function.name == NOW)


def _bound(value: Any) -> Column:
    if isinstance(value, bool):
        return sa.literal(value, sa.Boolean())
    if isinstance(value, str):
        return sa.literal(value, sa.Text()).collate("C")
    if isinstance(value, datetime):
        return sa.literal((value - EPOCH) // MICROSECOND, sa.BigInteger())
    if isinstance(value, timedelta):
        return sa.literal(value // MICROSECOND, sa.BigInteger())
    return sa.literal(value, sa.Double())

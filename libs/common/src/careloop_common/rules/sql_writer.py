"""What the SQL back ends have in common: how a rule becomes a condition, whatever the engine makes of each function.

Every leaf is wrapped so that it is true or false, never NULL, and every value is a bound parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import ARRAY

from careloop_common.rules.catalogue import BOOL, NUMBERS, TIMESTAMP, Type
from careloop_common.rules.functions import AND, HAS, NOT, NOW, OR, RELATIVE
from careloop_common.rules.python import moment
from careloop_common.rules.tree import Attribute, Call, ListLiteral, Literal, Node
from careloop_common.rules.values import EPOCH, MICROSECOND, Today, today

Column = ColumnElement[Any]
Emit = Callable[..., Column]


class Columns(Protocol):
    """A mapping, or the columns of a table."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]:
        """The expression for an attribute or a lookup; `KeyError` if there is none."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an engine makes of functions and of stored values."""

    functions: Mapping[str, Emit]
    """What each function is. Operands are double precision, text under COLLATE "C", boolean, text[], and for times and
    durations bigint microseconds; any of them may be NULL, which makes the result NULL. A relative one gets the time of
    the evaluation after its operands, as a datetime; of dates, the day of it."""
    loaded: Callable[[Column, Type], Column]
    """The value of a column as functions take it; `TypeError` if the column is of another type."""
    whole: Callable[[int], Column]
    """A bigint."""
    loaded_time: Callable[[Column], Column] | None = None
    """A stored time as it is, to be compared where nothing is calculated; none where microseconds cost nothing."""


WRITTEN_OUT = frozenset({OR, AND, NOT, HAS, NOW})
"""Functions that `Writer` writes itself."""


class Writer:
    """Writes the condition of one rule."""

    def __init__(self, dialect: Dialect, columns: Columns, now: datetime) -> None:
        self._dialect = dialect
        self._columns = columns
        self._now, self._today = moment(now), today(now)
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
        emit = self._dialect.functions[node.function.key]
        if self._dialect.loaded_time and all(map(_plain_time, node.arguments)):
            # Compared as they are; microseconds are for calculating.
            return emit(*(self._time(argument, self._dialect.loaded_time) for argument in node.arguments))
        return emit(*map(self._value, node.arguments))

    def _value(self, node: Node) -> Column:
        if isinstance(node, Attribute):
            if node.key not in self._loaded:
                self._loaded[node.key] = self._dialect.loaded(self._columns[node.key], node.type)
            return self._loaded[node.key]
        if isinstance(node, Literal):
            return self._bound(node.value)
        if isinstance(node, ListLiteral):
            item = sa.Double() if node.type == NUMBERS else sa.Text()
            return sa.literal(list(node.values), ARRAY(item))
        if node.function.name == NOW:
            return self._bound(self._now)
        if node.type == BOOL:
            # In CASE, since NOT binds less than a comparison.
            return sa.case((self.condition(node), sa.true()), else_=sa.false())
        measured_to = [self._until(node)] if node.function.name in RELATIVE else []
        return self._dialect.functions[node.function.key](*map(self._value, node.arguments), *measured_to)

    def _until(self, node: Call) -> datetime | Today:
        return self._today if node.function.dates else self._now

    def _time(self, node: Node, load: Callable[[Column], Column]) -> Column:
        if isinstance(node, Attribute):
            return load(self._columns[node.key])
        return sa.literal(node.value if isinstance(node, Literal) else self._now, sa.DateTime(timezone=True))

    def _bound(self, value: Any) -> Column:
        if isinstance(value, bool):
            return sa.literal(value, sa.Boolean())
        if isinstance(value, str):
            return sa.literal(value, sa.Text()).collate("C")
        if isinstance(value, datetime):
            return self._dialect.whole((value - EPOCH) // MICROSECOND)
        if isinstance(value, timedelta):
            return self._dialect.whole(value // MICROSECOND)
        return sa.literal(value, sa.Double())


def _plain_time(node: Node) -> bool:
    """Whether this is a time that no calculation made."""
    return node.type == TIMESTAMP and (not isinstance(node, Call) or node.function.name == NOW)

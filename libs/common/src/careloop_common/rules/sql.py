"""The PostgreSQL back end: a rule becomes a condition that is true or false, never NULL, and never raises.

Not imported by the package itself, so that pure code can read and evaluate rules without SQLAlchemy.
"""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from careloop_common.rules import sql_values
from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, TEXT, TIMESTAMP
from careloop_common.rules.sql_values import (
    age_years,
    bounded_duration,
    bounded_number,
    bounded_time,
    date_age_years,
    date_days_since,
    days_since,
)
from careloop_common.rules.sql_writer import WRITTEN_OUT, Column, Columns, Dialect, Emit, Writer
from careloop_common.rules.tree import Rule

_COMPARED = (BOOL, NUMBER, TEXT, TIMESTAMP, DURATION)
_COMPARISONS: dict[str, Emit] = {
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


_Bounded = Callable[[Column], Column]


def calculating(number: _Bounded, time: _Bounded, duration: _Bounded) -> dict[str, Emit]:
    """Calculations, each result of which `number`, `time` or `duration` makes NULL where it is out of range."""

    def quotient(left: Column, right: Column) -> Column:
        # Without its type the divisor would be cast to numeric, which keeps 15 digits.
        return number(left / sa.func.nullif(right, sql_values.ZERO, type_=sa.Double()))

    return {
        "+(number, number)": lambda left, right: number(left + right),
        "-(number, number)": lambda left, right: number(left - right),
        "*(number, number)": lambda left, right: number(left * right),
        "/(number, number)": quotient,
        "+(timestamp, duration)": lambda left, right: time(left + right),
        "-(timestamp, duration)": lambda left, right: time(left - right),
        "+(duration, duration)": lambda left, right: duration(left + right),
        "-(duration, duration)": lambda left, right: duration(left - right),
    }


SQL: dict[str, Emit] = {
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
    **calculating(bounded_number, bounded_time, bounded_duration),
    "-(number)": lambda value: -value,
    "-(duration)": lambda value: -value,
    "-(timestamp, timestamp)": lambda left, right: left - right,
    "days_since(timestamp)": days_since,
    "age_years(timestamp)": age_years,
    "days_since(date)": date_days_since,
    "age_years(date)": date_age_years,
}
"""What each function is in SQL."""

POSTGRESQL = Dialect(
    SQL,
    sql_values.loaded,
    lambda value: sa.literal(value, sa.BigInteger()),
    loaded_time=sql_values.loaded_time,
)


def to_sql(rule: Rule, columns: Columns, now: datetime) -> ColumnElement[bool]:
    """The rule as a condition over `columns`, an SQL expression for each attribute that the rule depends on.

    Every value is a bound parameter, `now` too. The SQL types that go with each type are: boolean; any number; any
    text; timestamptz; interval without months, or bigint microseconds; text[]. `KeyError` for an attribute without a
    column, `TypeError` for a column of another type, `ValueError` if `now` has no zone; days and years of dates are those
    of this zone. For members of a JSONB document see `sql_values.member`.
    """
    return Writer(POSTGRESQL, columns, now).condition(rule.root)


__all__ = ["POSTGRESQL", "SQL", "WRITTEN_OUT", "Columns", "to_sql"]

"""The DuckDB back end: a rule as a condition over Parquet files, for what is asked of a million rows and not kept.

    rows = sa.func.read_parquet(path).table_valued(sa.column("fee", sa.Double), …)
    query = sa.select(sa.func.count()).select_from(rows).where(duckdb.to_sql(rule, rows.c, now))
    connection.execute(*duckdb.rendered(query))

It is PostgreSQL's table of functions, since both engines name them alike, but for the bounds of calculations: DuckDB writes
NULLIF out as a CASE that repeats its operand, so that nested ones would grow without end, and its `round` is away from zero.
Besides, its `/` of integers is a double, and a parameter has the smallest type that holds it, so that the sum of two
overflows at 2^31.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect
from sqlalchemy.sql.compiler import SQLCompiler

from careloop_common.rules import sql_values
from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, TEXT, TEXTS, TIMESTAMP
from careloop_common.rules.sql import SQL, calculating
from careloop_common.rules.sql_values import (
    BOUND_OF_NUMBERS,
    DURATIONS,
    FINEST_OF_NUMBERS,
    SCALE_OF_NUMBERS,
    TIMES,
    Loads,
)
from careloop_common.rules.sql_writer import Column, Columns, Dialect, Emit, Writer
from careloop_common.rules.tree import Rule


def _once(bounded: Callable[[Column], Column]) -> Callable[[Column], Column]:
    """`bounded` of a calculation, which it may name as often as it likes: in a lambda, the only name within an expression."""

    def applied(value: Column) -> Column:
        named = sa.literal_column("v", value.type)
        body = sa.literal_column("lambda v").op(":")(bounded(named).self_group())
        found = sa.func.list_transform(sa.func.list_value(value), body)
        return sa.func.list_extract(found, sa.literal_column("1"), type_=value.type)

    return applied


def _number(double: Column) -> Column:
    """`values.normal` of a double."""
    size = sa.func.abs(double)
    whole: Column = sa.func.round_even(double * SCALE_OF_NUMBERS, sa.literal_column("0"), type_=sa.Double())
    usual = sa.and_(size >= FINEST_OF_NUMBERS, size < BOUND_OF_NUMBERS)
    return sa.case((usual, double), (size < BOUND_OF_NUMBERS, whole / SCALE_OF_NUMBERS))


def _time(microseconds: Column) -> Column:
    return _within(TIMES, microseconds)


def _duration(microseconds: Column) -> Column:
    return _within(DURATIONS, microseconds)


def _within(bounds: tuple[int, int], microseconds: Column) -> Column:
    least, most = map(sql_values.plain, bounds)
    return sa.case((microseconds.between(least, most), microseconds))


DUCKDB: dict[str, Emit] = {
    **SQL,
    **calculating(_once(_number), _once(_time), _once(_duration)),
    # By zero it is infinite or NaN, and so missing.
    "/(number, number)": lambda left, right: _once(_number)(left / right),
}
"""What each function is in DuckDB."""


def to_sql(rule: Rule, columns: Columns, now: datetime) -> ColumnElement[bool]:
    """The rule as a condition over `columns`, to be `rendered`; errors and types of columns as in `sql.to_sql`.

    A column's type in the file has to be the one it is declared with: BOOLEAN; any integer, DOUBLE or DECIMAL; VARCHAR;
    TIMESTAMP WITH TIME ZONE; INTERVAL or BIGINT microseconds; VARCHAR[].
    """
    return Writer(_DIALECT, columns, now).condition(rule.root)


def rendered(statement: sa.ClauseElement) -> tuple[str, list[Any]]:
    """A statement as DuckDB's text and its parameters in order."""
    compiled = statement.compile(dialect=_DuckDB(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
    if not isinstance(compiled, SQLCompiler):
        return compiled.string, []
    parameters = compiled.construct_params(escape_names=False)
    return compiled.string, [parameters[name] for name in compiled.positiontup or ()]


class _Compiler(PGCompiler):
    def visit_floordiv_binary(self, binary: Any, *_: Any, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} // {self.process(binary.right, **kw)}"


class _DuckDB(PGDialect):
    statement_compiler = _Compiler
    supports_statement_cache = True


def _of_fraction(column: Column) -> Column:
    # The cast of a decimal gives the nearest double, as that of a numeric does.
    return _number(sa.cast(column, sa.Double))


def _of_interval(column: Column) -> Column:
    # TRY, since an interval can be longer than its microseconds can say.
    return _duration(getattr(sa.func, "try")(sa.func.epoch_us(column), type_=sa.BigInteger()))


_LOADS: Loads = (
    (BOOL, sa.Boolean, lambda column: column),
    (NUMBER, sa.Integer, sql_values.of_whole),
    (NUMBER, sa.Float, _of_fraction),
    (NUMBER, sa.Numeric, _of_fraction),
    (TEXT, sa.String, sql_values.of_text),
    (TIMESTAMP, sa.DateTime, lambda column: _time(sa.func.epoch_us(column, type_=sa.BigInteger()))),
    (DURATION, sa.Interval, _of_interval),
    (DURATION, INTERVAL, _of_interval),
    (DURATION, sa.Integer, lambda column: _duration(sa.cast(column, sa.BigInteger))),
    (TEXTS, sa.ARRAY, lambda column: column),
)
_DIALECT = Dialect(
    DUCKDB,
    lambda column, type_: sql_values.load(column, type_, _LOADS),
    # Cast, since a parameter has the smallest type that holds it.
    lambda value: sa.cast(sa.literal(value, sa.BigInteger()), sa.BigInteger),
)

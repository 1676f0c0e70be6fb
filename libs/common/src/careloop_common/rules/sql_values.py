"""Values in SQL: the same numbers, times and durations as in `values`, out of whatever column they are stored in.

Bounds are drawn with `nullif(least(greatest(x, low), high), …)`, which names `x` once: with CASE a nested calculation would
be repeated at every level. A missing operand passes through, because GREATEST and LEAST skip NULLs and `low` becomes NULL.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB
from sqlalchemy.types import TypeEngine

from careloop_common.rules.catalogue import BOOL, DURATION, NUMBER, TEXT, TEXTS, TIMESTAMP, Type
from careloop_common.rules.sql_writer import Column
from careloop_common.rules.values import (
    BOUND,
    EPOCH,
    EPOCH_DAY,
    FINEST,
    FIRST,
    FIRST_DAY,
    LAST,
    LAST_DAY,
    LONGEST,
    MICROSECOND,
    ONE_DAY,
    SCALE,
    Today,
)

Loads = tuple[tuple[Type, type[TypeEngine[Any]], Callable[[Column], Column]], ...]
"""How a column of each SQL type is read as each type. Float is a Numeric to SQLAlchemy, so it comes first."""

ZERO: Column = sa.literal_column("0::float8", sa.Double())
SCALE_OF_NUMBERS: Column = sa.literal_column(f"'{SCALE!r}'::float8", sa.Double())
BOUND_OF_NUMBERS: Column = sa.literal_column(f"'{BOUND!r}'::float8", sa.Double())
_LOW: Column = sa.literal_column(f"'-{BOUND!r}'::float8", sa.Double())
FINEST_OF_NUMBERS: Column = sa.literal_column(f"'{FINEST!r}'::float8", sa.Double())
_SMALL: Column = sa.literal_column("3e-45", sa.Numeric())
_VANISHING: Column = sa.literal_column("1e-100", sa.Numeric())
_NEXT_TO_BOUND: Column = sa.literal_column("999999999999999.9375", sa.Numeric())
"""From here upwards a numeric becomes the double 10^15, or NaN."""
_MILLION: Column = sa.literal_column("1000000", sa.Numeric())
TIMES = (FIRST - EPOCH) // MICROSECOND, (LAST - EPOCH) // MICROSECOND
DURATIONS = -(LONGEST // MICROSECOND), LONGEST // MICROSECOND
"""The least and the most microseconds."""
_YEAR_OF_DAYS = 12 * 31
_YEAR = _YEAR_OF_DAYS * ONE_DAY
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"


def bounded_number(value: Column) -> Column:
    """`values.normal` of a double: PostgreSQL's round of a double is to even, as Python's is."""
    inside = sa.func.least(sa.func.greatest(value, _LOW), BOUND_OF_NUMBERS)
    whole = sa.func.round(inside * SCALE_OF_NUMBERS, type_=sa.Double()) / SCALE_OF_NUMBERS
    return sa.func.nullif(sa.func.nullif(whole, BOUND_OF_NUMBERS), _LOW, type_=sa.Double())


def bounded_time(microseconds: Column) -> Column:
    """A time in microseconds since 1970, NULL outside of the years 1 to 9999."""
    return _bounded(microseconds, *TIMES)


def bounded_duration(microseconds: Column) -> Column:
    """A duration in microseconds, NULL if it is longer than durations are."""
    return _bounded(microseconds, *DURATIONS)


def days_since(then: Column, now: datetime) -> Column:
    """`values.days_since` of microseconds."""
    passed = sa.literal((now - EPOCH) // MICROSECOND, sa.BigInteger()) - then
    return sa.cast(_floored(passed, ONE_DAY), sa.Double)


def age_years(then: Column, now: datetime) -> Column:
    """`values.age_years` of microseconds, as whole years between two points of a calendar in which each month has 31 days.

    So an anniversary is passed when month, day and time of the day, compared in this order, are.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    point = ((now.year * 12 + now.month) * 31 + now.day) * ONE_DAY + (now - midnight) // MICROSECOND
    days = _floored(then, ONE_DAY)
    since = _point(days) * plain(ONE_DAY) + (then - days * plain(ONE_DAY))
    return sa.cast(_floored(sa.literal(point, sa.BigInteger()) - since, _YEAR), sa.Double)


def date_days_since(then: Column, today: Today) -> Column:
    """`values.date_days_since` of microseconds."""
    return sa.cast(sa.literal(today.day, sa.BigInteger()) - _day_of(then, today), sa.Double)


def date_age_years(then: Column, today: Today) -> Column:
    """`values.date_age_years` of microseconds, reckoned as `age_years` are."""
    here = date.fromordinal(today.day + EPOCH_DAY)
    point = (here.year * 12 + here.month) * 31 + here.day
    day = _day_of(then, today)
    inside = sa.case((day.between(plain(FIRST_DAY), plain(LAST_DAY)), day))
    return sa.cast(_floored(sa.literal(point, sa.BigInteger()) - _point(inside), _YEAR_OF_DAYS), sa.Double)


def loaded(column: Column, type_: Type) -> Column:
    """The value of a column as the functions of `sql.SQL` take it; `TypeError` if the column is of another type."""
    return load(column, type_, _LOADS)


def load(column: Column, type_: Type, ways: Loads) -> Column:
    """The value of a column in the first of `ways` that is for both types; `TypeError` if there is none."""
    zoneless = isinstance(column.type, sa.DateTime) and not column.type.timezone
    for takes, stored, way in ways:
        if takes == type_ and isinstance(column.type, stored) and not zoneless:
            return way(column)
    raise TypeError(f"a column of type {column.type!r} cannot hold a {type_}")


def loaded_time(column: Column) -> Column:
    """The value of a timestamptz column as it is, NULL outside of the years 1 to 9999."""
    loaded(column, TIMESTAMP)  # refuses a column of another type
    inside = sa.and_(column >= _instant(FIRST), column <= _instant(LAST))
    return sa.case((inside, column))


def member(document: Column, name: str, type_: Type) -> Column:
    """A member of a JSONB document as a column for `to_sql`; NULL where it is absent or of another JSON type.

    Times are text in the form of RFC 3339 with zone, durations whole microseconds, lists arrays of text (what else is in
    them is left out).
    """
    value = sa.cast(document, JSONB)[name]
    plain = sa.cast(document, JSONB)[name].astext
    kind = sa.func.jsonb_typeof(value, type_=sa.Text())
    if type_ == BOOL:
        return sa.case((kind == "boolean", sa.cast(plain, sa.Boolean)))
    if type_ == TEXT:
        return sa.case((kind == "string", plain))
    if type_ == NUMBER:
        return sa.case((kind == "number", sa.cast(plain, sa.Numeric)))
    if type_ == DURATION:
        whole = sa.case((kind == "number", sa.cast(plain, sa.Numeric)))
        inside = bounded_duration(whole)
        return sa.cast(sa.func.trunc(inside), sa.BigInteger)
    if type_ == TIMESTAMP:
        valid = sa.and_(
            kind == "string", plain.regexp_match(_TIME), sa.func.pg_input_is_valid(plain, "timestamptz")
        )
        return sa.case((valid, sa.cast(plain, sa.DateTime(timezone=True))))
    items = sa.func.jsonb_array_elements(value).column_valued("item")
    texts = sa.select(items.op("#>>")(sa.literal_column("'{}'"))).where(
        sa.func.jsonb_typeof(items) == "string"
    )
    return sa.case((kind == "array", sa.type_coerce(sa.func.array(texts.scalar_subquery()), ARRAY(sa.Text))))


def of_whole(column: Column) -> Column:
    """An integer as a number."""
    most: Column = sa.literal_column(f"{int(BOUND) - 1}")
    return sa.case((column.between(-most, most), sa.cast(column, sa.Double)))


def _of_double(column: Column) -> Column:
    """`bounded_number` costs seven operations, and nearly no value needs it."""
    size = sa.func.abs(column)
    double = sa.cast(column, sa.Double)
    usual = sa.and_(size >= FINEST_OF_NUMBERS, size < BOUND_OF_NUMBERS)
    return sa.case((usual, double), else_=bounded_number(double))


def of_text(column: Column) -> Column:
    """Text that compares by code point."""
    return sa.cast(column, sa.Text).collate("C")


def _of_numeric(column: Column) -> Column:
    """A numeric as a double: PostgreSQL raises on what a double cannot hold, where Python gives infinity or zero."""
    size = sa.func.abs(column)
    double = sa.cast(column, sa.Double)
    small = sa.case((size < _VANISHING, ZERO), else_=bounded_number(double))
    return sa.case((size >= _NEXT_TO_BOUND, sa.null()), (size >= _SMALL, double), else_=small)


def _microseconds(column: Column) -> Column:
    return sa.type_coerce(sa.extract("epoch", column), sa.Numeric) * _MILLION


def plain(whole: int) -> Column:
    """A constant of ours, which need not be a parameter."""
    return sa.literal_column(f"({whole})", sa.BigInteger())


def _bounded(value: Column, least: int, most: int) -> Column:
    low, high = plain(least - 1), plain(most + 1)
    inside = sa.func.least(sa.func.greatest(value, low), high)
    return sa.func.nullif(sa.func.nullif(inside, low), high, type_=value.type)


def _floored(microseconds: Column, unit: int) -> Column:
    """How many times `unit` fits, rounded down: engines cut off towards zero, so it is done above zero."""
    shift = 2 * (LONGEST // MICROSECOND // unit)
    return (microseconds + plain(shift * unit)) // plain(unit) - plain(shift)


def _day_of(then: Column, today: Today) -> Column:
    return _floored(then + sa.literal(today.shift, sa.BigInteger()), ONE_DAY)


def _point(days: Column) -> Column:
    """Days since 1970 as days of a calendar in which each month has 31 of them."""
    on = sa.literal_column("date '1970-01-01'", sa.Date()) + sa.cast(days, sa.Integer)
    year, month, day = (sa.cast(sa.extract(part, on), sa.BigInteger) for part in ("year", "month", "day"))
    return (year * plain(12) + month) * plain(31) + day


def _instant(value: datetime) -> Column:
    return sa.literal(value, sa.DateTime(timezone=True))


def _integral(bounded: Callable[[Column], Column]) -> Callable[[Column], Column]:
    return lambda column: sa.cast(bounded(_microseconds(column)), sa.BigInteger)


_LOADS: Loads = (
    (BOOL, sa.Boolean, lambda column: column),
    (NUMBER, sa.Integer, of_whole),
    (NUMBER, sa.Float, _of_double),
    (NUMBER, sa.Numeric, _of_numeric),
    (TEXT, sa.String, of_text),
    (TIMESTAMP, sa.DateTime, _integral(bounded_time)),
    (DURATION, sa.Interval, _integral(bounded_duration)),
    (DURATION, INTERVAL, _integral(bounded_duration)),
    (DURATION, sa.Integer, lambda column: bounded_duration(sa.cast(column, sa.BigInteger))),
    (TEXTS, sa.ARRAY, lambda column: column),
)

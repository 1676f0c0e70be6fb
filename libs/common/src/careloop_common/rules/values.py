"""What the values of each type are, and how they are calculated with: the half of the semantics that is arithmetic.

**Numbers** are IEEE 754 doubles, because Python and PostgreSQL calculate `+ - * /` on them with the same, correctly
rounded result, and so does every engine that a third back end may be for; with `numeric` PostgreSQL would choose the
scale of a quotient by rules of its own. What is not alike are the edges: PostgreSQL raises on overflow and when a
product underflows to zero, Python raises on a division by zero and has integers that never round. So the edges are cut
off. A number of the language is a multiple of 2^-200 below 10^15 in magnitude. Every value that comes in and every
result is brought there by `normal`: NaN, infinity and what is 10^15 or more are missing, the rest is rounded to the
nearest multiple, which changes nothing from 2^-148 (3e-45) upwards. Then no product and no quotient can leave the range of
doubles (2^-400 to 10^15 · 2^200), so that PostgreSQL never raises; and integers stay below 2^53, so that Python's exact ones
equal doubles. -0.0 is 0: division by either is missing, and nothing else could tell them apart.

**Timestamps** are UTC with microseconds inside the years 1 to 9999, **durations** whole microseconds of at most 10,000 years
(CEL's own bound); what leads outside is missing. **Text** compares by code point.

**Dates** are timestamps too: the begin of their day, wherever now() is told. Which day a date is follows from one offset, that
of now(), since no begin of a day is further than half a day from the same one in another season: so no engine needs to know
of zones, and none can know of others.

A value of another type than the catalogue says is missing as well: a rule never raises.
"""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

Number = int | float

BOUND = 1e15
"""Numbers are smaller than this in magnitude."""
SCALE = 2.0**200
"""Numbers are multiples of 1 / SCALE."""
FINEST = 2.0**-148
"""From here upwards every double is such a multiple."""

MICROSECOND = timedelta(microseconds=1)
FIRST = datetime.min.replace(tzinfo=UTC) + MICROSECOND
LAST = datetime.max.replace(tzinfo=UTC) - MICROSECOND
"""The first and the last time; what asyncpg takes for PostgreSQL's -infinity and infinity lies outside."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST = timedelta(seconds=315_576_000_000)

DAY = timedelta(days=1)
ONE_DAY = DAY // MICROSECOND
HALF_DAY = ONE_DAY // 2
EPOCH_DAY = EPOCH.toordinal()
FIRST_DAY, LAST_DAY = FIRST.toordinal() - EPOCH_DAY, LAST.toordinal() - EPOCH_DAY
"""The days on which the calendar begins and ends, counted from 1970 as all days are."""

NUMERIC = frozenset({int, float})
COLLECTIONS = frozenset({list, tuple, set, frozenset})


def normal(value: Number) -> Number | None:
    """The number of the language that `value` stands for; none for NaN and what is too large."""
    if not -BOUND < value < BOUND:
        return None
    return value if abs(value) >= FINEST else round(value * SCALE) / SCALE


def number(value: Any) -> Number | None:
    """Any value as a number; none for what is not one."""
    if type(value) not in NUMERIC:
        if isinstance(value, bool) or not isinstance(value, Real | Decimal):
            return None
        try:
            value = float(value)
        except (ValueError, OverflowError):
            return None
    return normal(value)


def text(value: Any) -> str | None:
    """Any value as text; none for what is not."""
    return str.__str__(value) if isinstance(value, str) else None


def boolean(value: Any) -> bool | None:
    """Any value as a truth value; none for what is not one."""
    return value if isinstance(value, bool) else None


def texts(value: Any) -> Any:
    """Any value as a collection; none for what is not one."""
    return list(value) if isinstance(value, list | tuple | set | frozenset) else None


def timestamp(value: Any) -> datetime | None:
    """Any value as a time in UTC; none for what is not a time or has no zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        return None
    return value if FIRST <= value <= LAST else None


def duration(value: Any) -> timedelta | None:
    """Any value as a duration; none for what is not one or is too long."""
    return value if isinstance(value, timedelta) and -LONGEST <= value <= LONGEST else None


def plus(left: Number | None, right: Number | None) -> Number | None:
    """The sum; none if an operand is missing or the sum is too large."""
    if left is None or right is None:
        return None
    result = left + right
    return result if FINEST <= result < BOUND or not result else normal(result)


def minus(left: Number | None, right: Number | None) -> Number | None:
    """The difference; none if an operand is missing or the difference is too large."""
    if left is None or right is None:
        return None
    result = left - right
    return result if FINEST <= result < BOUND or not result else normal(result)


def times(left: Number | None, right: Number | None) -> Number | None:
    """The product; none if an operand is missing or the product is too large."""
    if left is None or right is None:
        return None
    result = left * right
    return result if FINEST <= result < BOUND or not result else normal(result)


def divided(left: Number | None, right: Number | None) -> Number | None:
    """The quotient; none if an operand is missing, the divisor zero or the quotient too large."""
    if left is None or not right:
        return None
    return normal(left / right)


def negative(value: Any) -> Any:
    """The number or duration with the other sign."""
    return None if value is None else -value


def size(value: Any) -> int | None:
    """Code points of a text, items of a list."""
    return None if value is None else len(value)


def later(left: datetime | None, right: timedelta | None) -> datetime | None:
    """The time that is `right` after `left`; none outside of the years 1 to 9999."""
    if left is None or right is None:
        return None
    try:
        return timestamp(left + right)
    except OverflowError:
        return None


def earlier(left: datetime | None, right: timedelta | None) -> datetime | None:
    """The time that is `right` before `left`; none outside of the years 1 to 9999."""
    return None if right is None else later(left, -right)


def since(left: datetime | None, right: datetime | None) -> timedelta | None:
    """The time from `right` to `left`."""
    return None if left is None or right is None else left - right


def joined(left: timedelta | None, right: timedelta | None) -> timedelta | None:
    """The sum of two durations; none if it is too long."""
    return None if left is None or right is None else duration(left + right)


def shortened(left: timedelta | None, right: timedelta | None) -> timedelta | None:
    """The difference of two durations; none if it is too long."""
    return None if left is None or right is None else duration(left - right)


def days_since(then: datetime | None, now: datetime) -> int | None:
    """Whole days of 24 hours from `then` to `now`, rounded down: -1 in the last day before `then`."""
    return None if then is None else (now - then) // DAY


def age_years(then: datetime | None, now: datetime) -> int | None:
    """Anniversaries of `then` up to `now` by the calendar of UTC; that of 29 February is otherwise the begin of 1 March."""
    if then is None:
        return None
    early = (now.month, now.day, now.time()) < (then.month, then.day, then.time())
    return now.year - then.year - early


class Today(NamedTuple):
    """The day that it is where now() is told, and how far the middle of days is before it in UTC."""

    day: int
    shift: int


def today(now: datetime) -> Today:
    """The day that it is in the zone of `now`; `ValueError` if it has none."""
    offset = now.utcoffset()
    if offset is None:
        raise ValueError("now needs a zone")
    return Today(now.toordinal() - EPOCH_DAY, offset // MICROSECOND + HALF_DAY)


def day_of(date_: datetime, today: Today) -> int:
    """Which day a date is."""
    return ((date_ - EPOCH) // MICROSECOND + today.shift) // ONE_DAY


def begin_of(day: int, zone: tzinfo | None) -> datetime | None:
    """The moment at which a day begins in a zone; none outside of the years 1 to 9999."""
    if not FIRST_DAY <= day <= LAST_DAY:
        return None
    begin = datetime.combine(date.fromordinal(day + EPOCH_DAY), time(), zone)
    return timestamp(begin)


def date_days_since(then: datetime | None, today: Today) -> int | None:
    """Days of the calendar from the date `then` to this one."""
    return None if then is None else today.day - day_of(then, today)


def date_age_years(then: datetime | None, today: Today) -> int | None:
    """Anniversaries of the date `then` up to this day; that of 29 February is otherwise on 1 March."""
    if then is None or not FIRST_DAY <= (born := day_of(then, today)) <= LAST_DAY:
        return None
    here, there = (date.fromordinal(day + EPOCH_DAY) for day in (today.day, born))
    return here.year - there.year - ((here.month, here.day) < (there.month, there.day))


def date_anniversary(born: int, years: int) -> int | None:
    """The first day on which `date_age_years` is `years` of who is born on this day; none after the year 9999."""
    then = datetime.combine(date.fromordinal(born + EPOCH_DAY), time(), UTC)
    found = anniversary(then, years)
    return None if found is None else found.toordinal() - EPOCH_DAY


def anniversary(then: datetime, years: int) -> datetime | None:
    """The first moment at which `age_years(then, …)` is `years`; none after the year 9999."""
    year = then.year + years
    if not 1 <= year <= LAST.year:
        return None
    if (then.month, then.day) == (2, 29) and not isleap(year):
        return datetime(year, 3, 1, tzinfo=UTC)
    return then.replace(year=year)

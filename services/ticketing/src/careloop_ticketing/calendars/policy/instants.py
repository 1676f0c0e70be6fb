"""Instants as integers: microseconds since 1970. Everything below the answers counts in them, so nothing is rounded."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(1970, 1, 1).toordinal()


def micros(span: timedelta) -> int:
    return (span.days * 86400 + span.seconds) * SECOND + span.microseconds


def of_instant(instant: datetime) -> int:
    return micros(instant - _EPOCH)


def to_instant(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


def of_day(day: date) -> int:
    """Midnight of `day` on a wall that counts as if it were UTC."""
    return (day.toordinal() - _FIRST_DAY) * DAY


def start_of_year(year: int) -> int:
    return of_day(date(year, 1, 1))

"""When a course is passed, and until when that counts."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

HIGHEST_SCORE: Final = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """What a course asks for and gives, as it is on the day on which a result is recorded."""

    passing_score: int
    months: int | None
    """How long it counts; without it for ever."""


@dataclass(frozen=True, slots=True)
class Verdict:
    passed: bool
    valid_until: datetime | None


def judge(terms: Terms, score: int, taken_on: date, zone: ZoneInfo) -> Verdict:
    """It counts until the same day so many months later begins, where the operator is."""
    if score < terms.passing_score:
        return Verdict(passed=False, valid_until=None)
    if terms.months is None:
        return Verdict(passed=True, valid_until=None)
    ends_on = later(taken_on, terms.months)
    return Verdict(passed=True, valid_until=datetime.combine(ends_on, time(), zone).astimezone(UTC))


def later(day: date, months: int) -> date:
    """The same day so many months later; the last one of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

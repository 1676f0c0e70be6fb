"""Days that come round: joining, birthdays, and the last days of contracts and warranties."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

MOST_DAYS: Final = 31


class Anniversary(StrEnum):
    JOINING = "joining"
    BIRTHDAY = "birthday"
    CONTRACT_END = "contract_end"
    WARRANTY_END = "warranty_end"


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def kept_on(day: date) -> Iterator[tuple[int, int]]:
    """Month and day of what is celebrated on a day: in most years 29 February is kept on the 28th."""
    yield day.month, day.day
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        yield 2, 29

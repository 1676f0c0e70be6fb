"""Working hours of a day as documents write them: `09:00-12:00`; `22:00-06:00` ends on the next day."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.calendars.policy.instants import DAY, HOUR, MINUTE

Hours: TypeAlias = tuple[tuple[int, int], ...]
"""Intervals of one day in microseconds since its midnight. The last one may end on the next day."""

PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read(written: Sequence[str], pointer: str) -> Hours:
    """The hours that a document gives a day; `InvalidCalendar` if they are empty, out of order or overlap."""
    hours = tuple(_interval(text, pointer) for text in written)
    for (_, earlier), (later, _) in pairwise(hours):
        if later < earlier:
            raise InvalidCalendar("Hours of a day overlap, or are not in order.", pointer=pointer)
    return hours


def _interval(text: str, pointer: str) -> tuple[int, int]:
    if not re.fullmatch(PATTERN, text):
        raise InvalidCalendar(f"{text!r} is not of the form 09:00-17:30.", pointer=pointer)
    start, end = (int(time[:2]) * HOUR + int(time[3:]) * MINUTE for time in text.split("-"))
    if start == end:
        raise InvalidCalendar(f"{text!r} is empty; a whole day is 00:00-24:00.", pointer=pointer)
    return start, end if end > start else end + DAY


def check_week(week: Sequence[Hours]) -> None:
    """`InvalidCalendar` if hours over midnight run into those of the next day."""
    for day, hours in enumerate(week):
        tomorrow = week[(day + 1) % 7]
        if hours and tomorrow and hours[-1][1] - DAY > tomorrow[0][0]:
            name = WEEKDAYS[day]
            raise InvalidCalendar(
                f"The last hours of {name} overlap the next day's.", pointer=f"/hours/{name}"
            )


def all_day(hours: Hours) -> bool:
    """Whether the hours fill the day, from midnight to midnight."""
    touching = all(later == earlier for (_, earlier), (later, _) in pairwise(hours))
    return bool(hours) and hours[0][0] == 0 and hours[-1][1] >= DAY and touching

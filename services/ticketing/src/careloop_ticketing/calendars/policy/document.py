"""A calendar: the hours of each weekday, what the holiday source says of some days, and exceptions, which outrank both.

Hours belong to the day on which they begin: a night shift that starts on the eve of a holiday ends on the holiday, and
one that would start on the holiday does not take place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from careloop_common import zones

from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.calendars.policy import hours
from careloop_ticketing.calendars.policy.hours import WEEKDAYS, Hours

EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
MOST_EXCEPTIONS: Final = 2000
NO_SOURCE: Final = "none"


@dataclass(frozen=True, slots=True)
class Holidays:
    """What a holiday source says: days off, make-up workdays (调休), and until when that is official."""

    off: frozenset[date] = frozenset()
    make_up: frozenset[date] = frozenset()
    valid_through: date | None = None
    """None if the source is official for ever, as that of a calendar without holidays is."""

    def vouched(self, through: date) -> "Holidays":
        """The same once somebody has the official notice until then: its days are exceptions, and guesses give way."""
        sure = self.valid_through
        if sure is None or through <= sure:
            return self
        off, make_up = (
            frozenset(day for day in days if not sure < day <= through) for days in (self.off, self.make_up)
        )
        return Holidays(off, make_up, through)


NO_HOLIDAYS: Final = Holidays()


@dataclass(frozen=True, slots=True)
class Calendar:
    zone: ZoneInfo
    week: tuple[Hours, ...]
    make_up: Hours
    holidays: Holidays
    exceptions: Mapping[date, Hours]

    def hours_of(self, day: date) -> Hours:
        if (exception := self.exceptions.get(day)) is not None:
            return exception
        if day in self.holidays.make_up:
            return self.make_up
        return () if day in self.holidays.off else self.week[day.weekday()]

    def closed_for(self, first: date, last: date) -> tuple[timedelta, date]:
        """The longest row of days between these two on which nobody works, and on which day it begins."""
        longest, since = (timedelta(), first), first
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
            if self.hours_of(day):
                since = day + timedelta(days=1)
            else:
                longest = max(longest, (day + timedelta(days=1) - since, since), key=lambda row: row[0])
        return longest

    @property
    def round_the_clock(self) -> bool:
        """Whether every instant is working time."""
        days = (*self.week, *self.exceptions.values())
        return not self.holidays.off and not self.holidays.make_up and all(map(hours.all_day, days))


def read(document: Mapping[str, Any], holidays: Holidays = NO_HOLIDAYS) -> Calendar:
    """The calendar that a document describes; `InvalidCalendar` if its parts do not fit together."""
    week = tuple(hours.read(document["hours"].get(day) or (), f"/hours/{day}") for day in WEEKDAYS)
    hours.check_week(week)
    stated = document.get("make_up_hours")
    make_up = week[0] if stated is None else hours.read(stated, "/make_up_hours")
    exceptions = _exceptions(document.get("exceptions") or (), make_up)
    if not any(week) and not any(exceptions.values()):
        raise InvalidCalendar("The calendar has no working time at all.", pointer="/hours")
    return Calendar(_zone(document["zone"]), week, make_up, holidays, exceptions)


def _zone(name: str) -> ZoneInfo:
    try:
        return zones.zone(name)
    except ValueError as error:
        raise InvalidCalendar(f"There is no time zone {name!r}.", pointer="/zone") from error


def _exceptions(written: Sequence[Mapping[str, Any]], make_up: Hours) -> dict[date, Hours]:
    if len(written) > MOST_EXCEPTIONS:
        raise InvalidCalendar(f"More than {MOST_EXCEPTIONS} exceptions.", pointer="/exceptions")
    found: dict[date, Hours] = {}
    for index, exception in enumerate(written):
        pointer = f"/exceptions/{index}"
        day = date.fromisoformat(exception["date"])
        if not EARLIEST <= day <= LATEST:
            raise InvalidCalendar("The date is not between 1970 and 2199.", pointer=f"{pointer}/date")
        if day in found:
            raise InvalidCalendar(f"{day} is there twice.", pointer=f"{pointer}/date")
        found[day] = _hours_of_exception(exception, make_up, pointer)
    return found


def _hours_of_exception(exception: Mapping[str, Any], make_up: Hours, pointer: str) -> Hours:
    stated = exception.get("hours")
    if exception["kind"] == "off":
        if stated:
            raise InvalidCalendar("A day off has no hours.", pointer=f"{pointer}/hours")
        return ()
    work = make_up if stated is None else hours.read(stated, f"{pointer}/hours")
    if not work:
        raise InvalidCalendar("A workday needs hours, or make_up_hours.", pointer=f"{pointer}/hours")
    return work

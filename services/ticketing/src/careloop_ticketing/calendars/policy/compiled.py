"""Counting working time: sorted intervals in UTC, prefix sums over them, and bisection.

**Boundary.** `add` gives the earliest instant at which that much working time has passed. Eight hours that are used up
when the day ends at 18:00 are due at 18:00 today, not at 09:00 on the next workday; nothing at all is due at once, be it
working time or not.

**Horizon.** A version reaches `REACH` years either side of the year in which it was published, and is compiled by whole
years as questions lead there. What leads further is `OutsideHorizon`, so a calendar without working time ahead is an
error and no loop. Round the clock there is nothing to look up, and no horizon. A version is renewed when half of the way
to its horizon is behind it, so what it `reaches` from there it reaches from wherever anything starts under it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from careloop_ticketing.calendars.errors import OutsideHorizon
from careloop_ticketing.calendars.policy.document import Calendar
from careloop_ticketing.calendars.policy.instants import (
    micros,
    of_day,
    of_instant,
    start_of_year,
    to_instant,
)
from careloop_ticketing.calendars.policy.zones import overlay

REACH: Final = 20
_ZERO = timedelta()


def renewed_in(year: int) -> int:
    """When a version that was published in `year` has half of the way to its horizon behind it."""
    return year + REACH // 2


@dataclass(frozen=True, slots=True)
class _Table:
    """Working intervals of the years from `first` to `last`, in UTC; `sums[i]` is the working time before interval `i`."""

    first: int
    last: int
    opens: int
    closes: int
    starts: Sequence[int]
    ends: Sequence[int]
    sums: Sequence[int]

    def worked(self, at: int) -> int:
        """Working time from the start of the table to `at`."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.sums[index] + min(at, self.ends[index]) - self.starts[index]

    def reached(self, total: int) -> int:
        """The first instant with so much working time before it; `total` is in (0, all of it]."""
        index = bisect_left(self.sums, total) - 1
        return self.starts[index] + total - self.sums[index]


class Compiled:
    """One version of a calendar, ready to answer. Answers are in UTC."""

    __slots__ = ("_table", "calendar", "round_the_clock", "year")

    def __init__(self, calendar: Calendar, year: int) -> None:
        """`year` is that of the publication, the middle of the horizon."""
        self.calendar = calendar
        self.year = year
        self.round_the_clock = calendar.round_the_clock
        self._table: _Table | None = None

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest instant from `start` on by which `duration` of working time has passed."""
        if duration < _ZERO:
            raise ValueError("working time is added, not taken away")
        begin = of_instant(start)
        if self.round_the_clock or not duration:
            return to_instant(begin + micros(duration))
        table = self._covering(begin, begin)
        total = table.worked(begin) + micros(duration)
        while total > table.sums[-1]:
            if table.last == self.year + REACH:
                raise OutsideHorizon(f"There is not so much working time before the end of {table.last}.")
            # Growing towards the future leaves the start, and with it every sum, where it was.
            table = self._table = _grown(self.calendar, table, table.first, table.last + 1)
        return to_instant(table.reached(total))

    def reaches(self, duration: timedelta) -> bool:
        """Whether so much working time passes within the horizon, from wherever something starts under this version."""
        try:
            self.add(to_instant(start_of_year(renewed_in(self.year))), duration)
        except OutsideHorizon:
            return False
        return True

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; negative if `end` comes first."""
        begin, until = of_instant(start), of_instant(end)
        if self.round_the_clock:
            return timedelta(microseconds=until - begin)
        table = self._covering(begin, until)
        return timedelta(microseconds=table.worked(until) - table.worked(begin))

    def walk(self, start: datetime, end: datetime, most: int) -> list[tuple[datetime, datetime]]:
        """The first `most` working intervals from `start` to `end`."""
        if self.round_the_clock:
            return [(start, end)] if start < end else []
        begin, until = of_instant(start), of_instant(end)
        table = self._covering(begin, until)
        low, high = bisect_right(table.ends, begin), bisect_left(table.starts, until)
        return [
            (to_instant(max(table.starts[index], begin)), to_instant(min(table.ends[index], until)))
            for index in range(low, min(high, low + most))
        ]

    def provisional(self, at: datetime) -> bool:
        """Whether `at` lies after the days for which the holidays are official, and may still move."""
        through = self.valid_through
        return through is not None and at.astimezone(self.calendar.zone).date() > through

    @property
    def valid_through(self) -> date | None:
        return self.calendar.holidays.valid_through

    @property
    def intervals(self) -> int:
        """How many intervals are compiled so far."""
        return len(self._table.starts) if self._table else 0

    def _covering(self, one: int, other: int) -> _Table:
        table = self._table
        if table and table.opens <= min(one, other) and max(one, other) < table.closes:
            return table
        first, last = to_instant(min(one, other)).year, to_instant(max(one, other)).year
        if first < self.year - REACH or last > self.year + REACH:
            earliest, latest = self.year - REACH, self.year + REACH
            raise OutsideHorizon(f"This version of the calendar reaches from {earliest} to {latest}.")
        if table:
            first, last = min(first, table.first), max(last, table.last)
        self._table = _grown(self.calendar, table, first, last)
        return self._table


def _grown(calendar: Calendar, table: _Table | None, first: int, last: int) -> _Table:
    """A table of the years from `first` to `last`, which has in it what `table` has."""
    intervals: list[tuple[int, int]] = []
    for year in range(first, last + 1):
        if table and year == table.first:
            intervals.extend(zip(table.starts, table.ends, strict=True))
        elif not (table and table.first < year <= table.last):
            intervals.extend(overlay(_wall(calendar, year), calendar.zone, year))
    whole = _joined(intervals)
    starts, ends = [start for start, _ in whole], [end for _, end in whole]
    sums = list(accumulate((end - start for start, end in whole), initial=0))
    return _Table(first, last, start_of_year(first), start_of_year(last + 1), starts, ends, sums)


def _wall(calendar: Calendar, year: int) -> list[tuple[int, int]]:
    """Working hours as the wall shows them, of every day that can touch a year of UTC."""
    # The wall is up to a day off UTC, and a shift may have begun on the day before.
    ordinals = range(date(year, 1, 1).toordinal() - 2, date(year, 12, 31).toordinal() + 3)
    days = [date.fromordinal(ordinal) for ordinal in ordinals]
    found = [
        (of_day(day) + start, of_day(day) + end) for day in days for start, end in calendar.hours_of(day)
    ]
    return _joined(sorted(found))


def _joined(intervals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted intervals with those that touch or overlap made one."""
    whole: list[tuple[int, int]] = []
    for start, end in intervals:
        if whole and start <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((start, end))
    return whole

"""Working time by asking the clock on the wall, minute by minute. Slow, and without anything of the compiled calendar."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Oracle:
    """A window of a calendar, one flag for each of its minutes of UTC."""

    def __init__(
        self,
        document: Mapping[str, Any],
        first: datetime,
        last: datetime,
        off: frozenset[date] = frozenset(),
        make_up: frozenset[date] = frozenset(),
    ) -> None:
        self.document, self.off, self.make_up = document, off, make_up
        self.exceptions = {date.fromisoformat(item["date"]): item for item in document.get("exceptions", ())}
        self.first, self.last = first, last
        self._minutes: dict[date, tuple[set[int], set[int]]] = {}
        zone = ZoneInfo(document["zone"])
        count = (last - first) // MINUTE
        self.flags = [self._open((first + number * MINUTE).astimezone(zone)) for number in range(count)]
        self.sums = list(accumulate(self.flags, initial=0))

    def between(self, start: datetime, end: datetime) -> timedelta:
        return timedelta(microseconds=self._worked(end) - self._worked(start))

    def add(self, start: datetime, duration: timedelta) -> datetime | None:
        """None if that is not within the window."""
        if not duration:
            return start
        total = self._worked(start) + duration // timedelta(microseconds=1)
        # The minute at whose end the total is reached for the first time.
        index = bisect_left(self.sums, total, key=lambda minutes: minutes * 60_000_000) - 1
        if index >= len(self.flags):
            return None
        return self.first + index * MINUTE + timedelta(microseconds=total - self.sums[index] * 60_000_000)

    def _worked(self, at: datetime) -> int:
        minute, rest = divmod(at - self.first, MINUTE)
        partly = self.flags[minute] * (rest // timedelta(microseconds=1)) if rest else 0
        return self.sums[minute] * 60_000_000 + partly

    def _open(self, wall: datetime) -> int:
        day, minute = wall.date(), wall.hour * 60 + wall.minute
        return int(minute in self._of(day)[0] or minute in self._of(day - timedelta(days=1))[1])

    def _of(self, day: date) -> tuple[set[int], set[int]]:
        """The working minutes of a day, and those of the next day that its hours run into."""
        if day not in self._minutes:
            today: set[int] = set()
            tomorrow: set[int] = set()
            for interval in self._hours(day):
                start, end = (int(text[:2]) * 60 + int(text[3:]) for text in interval.split("-"))
                if start < end:
                    today.update(range(start, end))
                else:
                    today.update(range(start, 1440))
                    tomorrow.update(range(end))
            self._minutes[day] = today, tomorrow
        return self._minutes[day]

    def _hours(self, day: date) -> Sequence[str]:
        week = self.document["hours"]
        make_up = self.document.get("make_up_hours", week.get("mon", ()))
        if exception := self.exceptions.get(day):
            return () if exception["kind"] == "off" else exception.get("hours", make_up)
        if day in self.make_up:
            return make_up
        return () if day in self.off else week.get(WEEKDAYS[day.weekday()], ())

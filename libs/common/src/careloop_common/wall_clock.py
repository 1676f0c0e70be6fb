"""Spans of the day on somebody's wall clock, and when they are over.

The first instant outside is found from the *target's* local time. An offset taken now is wrong by an hour across a
daylight-saving change, so the search stops at every change of offset and looks at the clock again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open on the wall clock, `start` included; over midnight when `start` is later.

    `weekdays` are those on which it begins, Monday being 1; none stands for every day. When both times are equal it is
    empty, but on named days a whole day.
    """

    start: time
    end: time
    weekdays: tuple[int, ...] = ()

    def covers(self, local: datetime) -> bool:
        wall, today = local.time(), local.isoweekday()
        if self.start < self.end or (self.start == self.end and not self.weekdays):
            return self.start <= wall < self.end and self._on(today)
        return (wall >= self.start and self._on(today)) or (wall < self.end and self._on((today - 2) % 7 + 1))

    def _on(self, weekday: int) -> bool:
        return not self.weekdays or weekday in self.weekdays


def next_outside(span: Span, zone: tzinfo, at: datetime) -> datetime:
    """The first instant, from `at` on, whose local wall clock is outside the span; of one that is over within a week."""
    instant = at.astimezone(UTC)
    while span.covers(local := instant.astimezone(zone)):
        end = instant + _until(span.end, local)
        instant = _first_offset_change(zone, instant, end) or end
        if instant - at > 8 * DAY:
            return datetime.max.replace(tzinfo=UTC)
    return instant


def next_outside_all(spans: Iterable[tuple[Span, tzinfo]], at: datetime, until: datetime) -> datetime:
    """The first instant, from `at` on, that is in none of these; one not before `until` if there is none."""
    asked, instant = list(spans), at
    while instant < until:
        latest = max((next_outside(span, zone, instant) for span, zone in asked), default=instant)
        if latest == instant:
            return instant
        instant = latest
    return instant


def _until(wall: time, local: datetime) -> timedelta:
    """How far the wall clock is from showing `wall`, if it runs on undisturbed."""
    distance = datetime.combine(local.date(), wall) - local.replace(tzinfo=None)
    return distance if distance > timedelta(0) else distance + DAY


def _first_offset_change(zone: tzinfo, after: datetime, until: datetime) -> datetime | None:
    """Where the offset changes in (after, until]; zones change on whole seconds and never twice within a day."""
    before = after.astimezone(zone).utcoffset()
    if until.astimezone(zone).utcoffset() == before:
        return None
    low = after.replace(microsecond=0)
    steps = -(-(until - low) // SECOND)
    same = 0
    while steps - same > 1:
        middle = (same + steps) // 2
        if (low + middle * SECOND).astimezone(zone).utcoffset() == before:
            same = middle
        else:
            steps = middle
    return low + steps * SECOND

"""Quiet hours on the wall clock of the person's own zone.

The next allowed instant is found from the *target's* local time. An offset taken now is wrong by an hour across a
daylight-saving change, so the search stops at every change of offset and looks at the clock again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Half-open on the wall clock, `start` included; over midnight when `start` is later; none when both are equal."""

    start: time
    end: time

    def covers(self, wall: time) -> bool:
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


def next_allowed(quiet: QuietHours, zone: tzinfo, at: datetime) -> datetime:
    """The first instant, from `at` on, whose local wall clock is outside the quiet hours."""
    instant = at.astimezone(UTC)
    while quiet.covers((local := instant.astimezone(zone)).time()):
        end = instant + _until(quiet.end, local)
        instant = _first_offset_change(zone, instant, end) or end
    return instant


def next_allowed_by_all(
    spans: Iterable[tuple[QuietHours, tzinfo]], at: datetime, until: datetime
) -> datetime:
    """The first instant, from `at` on, that is quiet by none of these; one not before `until` if there is none."""
    asked, instant = list(spans), at
    while instant < until:
        latest = max((next_allowed(quiet, zone, instant) for quiet, zone in asked), default=instant)
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

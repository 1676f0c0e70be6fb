"""What the clock on the wall of a zone shows: spans of UTC in each of which the offset stays the same.

With them no local time needs to be interpreted. Hours on the wall are laid over each span: those that the wall skips are
in no span, and those that it shows twice are in two.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from careloop_ticketing.calendars.policy.instants import DAY, SECOND, micros, start_of_year, to_instant


class Span(NamedTuple):
    """From `start` until before `end` (UTC), the wall shows UTC + `offset`."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=512)
def spans(zone: ZoneInfo, year: int) -> tuple[Span, ...]:
    """The spans of one year of UTC, in order and without gaps."""
    end = start_of_year(year + 1)
    found: list[Span] = []
    start = at = start_of_year(year)
    offset = _offset(zone, at)
    while at < end:
        # No zone has changed twice within six days since 1970.
        later = min(at + DAY, end)
        if (after := _offset(zone, later)) != offset:
            change = _change(zone, at, later)
            found.append(Span(start, change, offset))
            start, offset = change, after
        at = later
    return (*found, Span(start, end, offset)) if start < end else tuple(found)


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second in (before, after] whose offset is not that of `before`; zones change at whole seconds."""
    offset = _offset(zone, before)
    seconds = range(before + SECOND, after + SECOND, SECOND)
    return seconds[bisect_right(seconds, False, key=lambda at: _offset(zone, at) != offset)]


def _offset(zone: ZoneInfo, at: int) -> int:
    shown = to_instant(at).astimezone(zone)
    offset = shown.utcoffset()
    assert offset is not None
    return micros(offset)


def overlay(wall: Sequence[tuple[int, int]], zone: ZoneInfo, year: int) -> list[tuple[int, int]]:
    """When, in UTC, the wall of `zone` shows a time within one of the `wall` intervals (sorted, apart)."""
    found: list[tuple[int, int]] = []
    ends = [end for _, end in wall]
    for start, end, offset in spans(zone, year):
        for index in range(bisect_right(ends, start + offset), len(wall)):
            opens, closes = wall[index]
            if opens >= end + offset:
                break
            found.append((max(opens - offset, start), min(closes - offset, end)))
    return found

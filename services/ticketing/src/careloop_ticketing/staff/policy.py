"""People as those see them who give them work: what they know, where, and whether they are there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol

from careloop_ticketing.staff.errors import BreaksTooLong
from careloop_ticketing.vocabulary import Level

HIGHEST_CERTIFICATE: Final = 5
DAY: Final = timedelta(days=1)
LONGEST_BREAKS: Final = timedelta(hours=4)
_MOMENT: Final = timedelta(microseconds=1)
_MOST_HOURS: Final = 100
"""Intervals of a calendar that there can be within eight hours."""


class Occupation(StrEnum):
    """What somebody's time is set aside for."""

    SHIFT = "shift"
    LEAVE = "leave"
    BREAK = "break"
    """Nothing new meanwhile; what they hold stays theirs."""


class Span(Protocol):
    """A stretch of somebody's time."""

    kind: Occupation
    starts_at: datetime
    ends_at: datetime


def check_breaks(spans: Iterable[Span]) -> None:
    """`BreaksTooLong` if the breaks within any 24 hours together are longer than somebody may take by themselves."""
    breaks = [one for one in spans if one.kind is Occupation.BREAK]
    for first in breaks:
        until = first.starts_at + DAY
        lasting = (
            min(one.ends_at, until) - one.starts_at
            for one in breaks
            if first.starts_at <= one.starts_at < until
        )
        if sum(lasting, timedelta()) > LONGEST_BREAKS or first.ends_at - first.starts_at > LONGEST_BREAKS:
            raise BreaksTooLong(pointer="/items")


class TeamKind(StrEnum):
    STANDING = "standing"
    VIRTUAL = "virtual"
    """Of several departments, for one ticket; it ends with it."""


class Hours(Protocol):
    """Working time."""

    def between(self, start: datetime, end: datetime) -> timedelta: ...
    def walk(self, start: datetime, end: datetime, most: int) -> Sequence[tuple[datetime, datetime]]: ...


@dataclass(frozen=True, slots=True)
class Presence:
    """What is known of somebody's time at an instant."""

    rostered: bool = False
    """Whether any shift was ever planned for them."""
    in_shift: bool = False
    on_leave: bool = False
    on_break: bool = False
    hours: Hours | None = None

    def at_work(self, now: datetime) -> bool:
        """Within a working day, which neither a break ends nor the hours that a calendar leaves out at noon."""
        return not self.on_leave and (self._works(now) or self._rests(now))

    def on_duty(self, now: datetime) -> bool:
        """Whether they take new work."""
        return self._works(now) and not (self.on_leave or self.on_break)

    def _works(self, now: datetime) -> bool:
        """In a shift or in the hours of their calendar; always, for who has neither."""
        if self.in_shift or not (self.rostered or self.hours):
            return True
        return self.hours is not None and self.hours.between(now, now + _MOMENT) > timedelta()

    def _rests(self, now: datetime) -> bool:
        """Whether their calendar's hours ended a while ago, and go on no later than a break would."""
        if self.hours is None:
            return False
        around = self.hours.walk(now - LONGEST_BREAKS, now + LONGEST_BREAKS, _MOST_HOURS)
        return any(
            end <= now < goes_on and goes_on - end <= LONGEST_BREAKS
            for (_, end), (goes_on, _) in pairwise(around)
        )


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    level: Level
    languages: tuple[str, ...]
    capacity: int
    department: str = ""
    regions: tuple[str, ...] = ()
    """None of them: everywhere."""
    teams: frozenset[str] = frozenset()
    certificates: Mapping[str, int] = field(default_factory=dict)
    """By skill, those that are valid: 1 is the lowest, 5 the highest."""
    on_duty: bool = True
    at_work: bool = True
    hands_over: bool = False
    """Whether what they hold goes back into the line when their shift ends."""
    last_assigned_at: datetime | None = None
    version: int = 0


def speaks(languages: Iterable[str], language: str) -> bool:
    """Whether one of the languages is this one: `zh` and `zh-CN` are, `zh-CN` and `zh-HK` are not."""
    wanted = language.lower()
    return any(_begins(wanted, own.lower(), "-") or _begins(own.lower(), wanted, "-") for own in languages)


def nearness(regions: Iterable[str], region: str | None) -> int | None:
    """How closely somebody's regions fit: 广东/深圳 fits 广东/深圳/南山 better (2) than 广东 does (1), or who works everywhere (0).

    None if they work elsewhere.
    """
    own = tuple(regions)
    if not own:
        return 0
    if region is None:
        return None
    return max((one.count("/") + 1 for one in own if _begins(region, one, "/")), default=None)


def _begins(whole: str, part: str, separator: str) -> bool:
    return whole == part or whole.startswith(part + separator)

"""A duty roster: who holds a level, where and when, and who stands in for them.

Rosters are versioned documents and never change; what changes by itself are the spans of their posts and people's leave.
Nobody is ever left out silently: a level that nobody holds goes to the fallback, and without one to `NOBODY`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from careloop_ticketing.notices.errors import InvalidRoster
from careloop_ticketing.staff.policy import nearness
from careloop_ticketing.vocabulary import Level

NOBODY: Final = ""
"""Stands for the person where there is none."""


class Role(StrEnum):
    """As what somebody is told."""

    ASSIGNEE = "assignee"
    TEAM_LEAD = "team_lead"
    HOLDER = "holder"
    DEPUTY = "deputy"
    FALLBACK = "fallback"
    WATCHER = "watcher"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Addressee:
    id: str
    role: Role


Addressees = tuple[Addressee, ...]


class Placed(Protocol):
    """What a roster has to know of a ticket."""

    @property
    def assignee_id(self) -> str | None: ...
    @property
    def level(self) -> Level: ...
    @property
    def team(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Post:
    """A level in some regions and for some teams, or everywhere and for all, held by people for a span of time."""

    level: Level
    holders: tuple[str, ...]
    deputies: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    teams: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def closeness(self, team: str | None, region: str | None) -> tuple[bool, int] | None:
        """How closely it fits: a post for the team before all others, then the nearest region. None if it does not."""
        near = nearness(self.regions, region)
        if near is None or (self.teams and team not in self.teams):
            return None
        return bool(self.teams), near

    def in_force(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now < self.until)

    def reached(self, absent: Collection[str]) -> Iterator[Addressee]:
        """Who is told: the holders who are there, or else the first deputy who is."""
        there = [Addressee(one, Role.HOLDER) for one in self.holders if one not in absent]
        yield from there or [Addressee(one, Role.DEPUTY) for one in self.deputies if one not in absent][:1]


@dataclass(frozen=True, slots=True)
class Roster:
    version: int
    posts: tuple[Post, ...] = ()
    fallback: tuple[str, ...] = ()
    """Who is told of what nobody else is there for."""

    @property
    def people(self) -> frozenset[str]:
        named = [*self.fallback]
        for post in self.posts:
            named += [*post.holders, *post.deputies]
        return frozenset(named)


@dataclass(frozen=True, slots=True)
class Duty:
    """A roster at an instant: who is away, who leads which team."""

    roster: Roster
    now: datetime
    absent: frozenset[str] = frozenset()
    """On leave, or not active any more. Who is not known here is taken to be there."""
    leads: Mapping[str, str] = field(default_factory=dict)
    _found: dict[tuple[Level, str | None, str | None], Addressees] = field(default_factory=dict)

    def holders(self, level: Level, *, team: str | None, region: str | None) -> Addressees:
        """Who is told in the name of a level: of the posts that fit most closely, those who can be reached."""
        place = level, team, region
        if (found := self._found.get(place)) is None:
            found = self._found[place] = tuple(self._holders(level, team, region))
        return found

    def in_charge(self, ticket: Placed) -> Addressees:
        """Who holds the ticket; while nobody does, or they are away, the lead of its team, or who holds its level."""
        if ticket.assignee_id is not None and ticket.assignee_id not in self.absent:
            return (Addressee(ticket.assignee_id, Role.ASSIGNEE),)
        lead = self.leads.get(ticket.team or "")
        if lead is not None and lead not in self.absent:
            return (Addressee(lead, Role.TEAM_LEAD),)
        return self.holders(ticket.level, team=ticket.team, region=ticket.region)

    def _holders(self, level: Level, team: str | None, region: str | None) -> Sequence[Addressee]:
        by_closeness: dict[tuple[bool, int], dict[str, Addressee]] = {}
        for post in self.roster.posts:
            if post.level is level and post.in_force(self.now):
                close = post.closeness(team, region)
                if close is not None:
                    for one in post.reached(self.absent):
                        by_closeness.setdefault(close, {}).setdefault(one.id, one)
        if by_closeness:
            return list(by_closeness[max(by_closeness)].values())
        there = [Addressee(one, Role.FALLBACK) for one in self.roster.fallback if one not in self.absent]
        return there or [Addressee(NOBODY, Role.NOBODY)]


def read(
    version: int,
    document: Mapping[str, Any],
    *,
    people: Collection[str] | None = None,
    teams: Collection[str] | None = None,
) -> Roster:
    """The roster that a document describes; `InvalidRoster` if it cannot be, with these people and teams if given."""
    posts = []
    for place, item in enumerate(document["posts"]):
        at = f"/posts/{place}"
        since, until = (_instant(item.get(name)) for name in ("since", "until"))
        if since and until and until <= since:
            raise InvalidRoster("It ends before it begins.", pointer=f"{at}/until")
        for name in ("holders", "deputies"):
            _check(item.get(name, ()), people, "active agent", f"{at}/{name}")
        _check(item.get("teams", ()), teams, "team", f"{at}/teams")
        posts.append(
            Post(
                level=Level(item["level"]),
                holders=_once(item["holders"]),
                deputies=_once(item.get("deputies", ())),
                regions=tuple(item.get("regions", ())),
                teams=frozenset(item.get("teams", ())),
                since=since,
                until=until,
            )
        )
    _check(document.get("fallback", ()), people, "active agent", "/fallback")
    return Roster(version, tuple(posts), _once(document.get("fallback", ())))


def _once(people: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(people))


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def _check(named: Sequence[str], known: Collection[str] | None, what: str, at: str) -> None:
    if known is None:
        return
    for place, name in enumerate(named):
        if name not in known:
            raise InvalidRoster(f"There is no {what} {name!r}.", pointer=f"{at}/{place}")

"""Who gets a ticket. Given what it needs and who there is, the answer is always the same, and explains itself.

Of those who fit, it goes to the lowest level that will do, so that an ordinary ticket does not reach the regional head
while somebody below has room; among these to who is nearest, then to who has least in hand for their capacity, then to
who has waited longest. On the green lane 绿色通道 the highest certificate comes before the load, and a reserve beyond
everybody's capacity may be used.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from careloop_ticketing.staff.policy import Person, nearness, speaks
from careloop_ticketing.vocabulary import Level

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Obstacle(StrEnum):
    """Why somebody cannot take a ticket, from what keeps them from ever taking it to what soon passes.

    Of several the first is named. Why a ticket waits is the last of those that stand in the way of anybody: who is
    `full` fits in everything else.
    """

    NO_RULE = "no_rule"
    """The routing has no rule for this ticket: it is left to people."""
    NOBODY = "nobody"
    """There are no agents."""
    LEVEL = "level"
    TEAM = "team"
    CERTIFICATE = "certificate"
    LANGUAGE = "language"
    REGION = "region"
    GAVE_BACK = "gave_back"
    OFF_DUTY = "off_duty"
    FULL = "full"


_SEVERITY: Final[Mapping[Obstacle, int]] = {obstacle: place for place, obstacle in enumerate(Obstacle)}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a ticket needs of whoever takes it, by the rule of the routing that holds for it."""

    rule: str
    level: Level
    highest: Level | None = None
    """People above this level are not bothered with it."""
    label: str | None = None
    """The team that answers for it from then on."""
    team: str | None = None
    """Whose members alone may take it."""
    skill: str | None = None
    certificate: int = 1
    language: str | None = None
    region: str | None = None
    within_region: bool = False
    """Whether people of other regions may not take it; otherwise they come after those who are near."""
    green_lane: bool = False
    reserve: int = 0
    but_not: str | None = None
    """Who gave it back."""


@dataclass(frozen=True, slots=True)
class Choice:
    person: Person | None
    eligible: int
    """How many could have taken it."""
    ruled_out: Mapping[Obstacle, int] = field(default_factory=dict)
    load: int = 0
    """What the chosen one had in hand before."""

    @property
    def obstacle(self) -> Obstacle | None:
        """Why nobody was chosen: what is in the way of those who come closest."""
        if self.person:
            return None
        return max(self.ruled_out, key=_SEVERITY.__getitem__, default=Obstacle.NOBODY)


def lacks(needs: Needs, person: Person) -> Obstacle | None:
    """What somebody lacks for it, be they there or not."""
    too_high = needs.highest is not None and person.level.rank > needs.highest.rank
    if person.level.rank < needs.level.rank or too_high:
        return Obstacle.LEVEL
    if needs.team is not None and needs.team not in person.teams:
        return Obstacle.TEAM
    if needs.skill is not None and person.certificates.get(needs.skill, 0) < needs.certificate:
        return Obstacle.CERTIFICATE
    if needs.language is not None and not speaks(person.languages, needs.language):
        return Obstacle.LANGUAGE
    if needs.within_region and needs.region and nearness(person.regions, needs.region) is None:
        return Obstacle.REGION
    return None


def obstacle(needs: Needs, person: Person, load: int) -> Obstacle | None:
    """Why somebody cannot take it now; None if they can."""
    if found := lacks(needs, person):
        return found
    if person.id == needs.but_not:
        return Obstacle.GAVE_BACK
    if not person.on_duty:
        return Obstacle.OFF_DUTY
    return None if has_room(needs, person, load) else Obstacle.FULL


def has_room(needs: Needs, person: Person, load: int) -> bool:
    return load < person.capacity + (needs.reserve if needs.green_lane else 0)


class Floor:
    """Who is there, and what each of them has in hand; it counts what it gives them.

    Tickets that need the same are many, so who fits them is worked out once.
    """

    def __init__(self, people: Iterable[Person], loads: Mapping[str, int], now: datetime) -> None:
        self.people = sorted(people, key=lambda person: person.id)
        self.seen = {person.id: loads.get(person.id, 0) for person in self.people}
        """What they had in hand to begin with."""
        self.loads = dict(self.seen)
        self._now = now
        self._last = {person.id: person.last_assigned_at or _NEVER for person in self.people}
        self._fitting: dict[Needs, tuple[Sequence[tuple[Person, tuple[Any, ...]]], Counter[Obstacle]]] = {}

    def has_room(self, reserve: int) -> bool:
        """Whether anybody on duty can have more in hand."""
        return any(p.on_duty and self.loads[p.id] < p.capacity + reserve for p in self.people)

    def choose(self, needs: Needs) -> Choice:
        fitting, ruled_out = self._fit(needs)
        free = [(person, rank) for person, rank in fitting if has_room(needs, person, self.loads[person.id])]
        if len(free) < len(fitting):
            ruled_out = ruled_out + Counter({Obstacle.FULL: len(fitting) - len(free)})
        if not free:
            return Choice(None, 0, ruled_out)
        person, _ = min(free, key=lambda one: (one[1], *self._busy(one[0])))
        return Choice(person, len(free), ruled_out, self.loads[person.id])

    def give(self, needs: Needs) -> Choice:
        """Choose somebody, and count what they have in hand from now on."""
        choice = self.choose(needs)
        if choice.person:
            self.loads[choice.person.id] += 1
            self._last[choice.person.id] = self._now
        return choice

    def ranked(self, needs: Needs) -> list[Person]:
        """All who could take it now, the one who would get it first."""
        free = [(p, rank) for p, rank in self._fit(needs)[0] if has_room(needs, p, self.loads[p.id])]
        return [person for person, _ in sorted(free, key=lambda one: (one[1], *self._busy(one[0])))]

    def _fit(self, needs: Needs) -> tuple[Sequence[tuple[Person, tuple[Any, ...]]], Counter[Obstacle]]:
        """Those who fit but for their load, with what ranks them before it, and how many do not."""
        if needs not in self._fitting:
            ruled_out: Counter[Obstacle] = Counter()
            fitting = []
            for person in self.people:
                if (found := obstacle(needs, person, -1)) is None:
                    fitting.append((person, _rank(needs, person)))
                else:
                    ruled_out[found] += 1
            self._fitting[needs] = fitting, ruled_out
        return self._fitting[needs]

    def _busy(self, person: Person) -> tuple[float, datetime, str]:
        load = self.loads[person.id]
        return load / person.capacity if person.capacity else load + 1.0, self._last[person.id], person.id


def _rank(needs: Needs, person: Person) -> tuple[Any, ...]:
    """What comes before the load: the lower goes first."""
    near = nearness(person.regions, needs.region) if needs.region else 0
    distance = -1 if near is None else near
    return person.level.rank - needs.level.rank, -distance, -_grade(needs, person) if needs.green_lane else 0


def _grade(needs: Needs, person: Person) -> int:
    if needs.skill is not None:
        return person.certificates.get(needs.skill, 0)
    return max(person.certificates.values(), default=0)


def choose(needs: Needs, people: Iterable[Person], loads: Mapping[str, int], now: datetime) -> Choice:
    """Who gets this one ticket."""
    return Floor(people, loads, now).choose(needs)

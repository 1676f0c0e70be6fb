"""Who decides in an organisation: the formal line, the informal influence, and on which way somebody we know gets there.

A step is as strong as the chance that the word is passed on and heeded; a path is as strong as the product of its steps. The
strongest is found as the shortest ways are (Dijkstra 1959), with one difference: somebody who was reached is looked at
again when a weaker way took fewer steps, for steps are limited.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, NamedTuple
from uuid import UUID

from careloop_profile.parties.policy.relations import Relation, Role, Stance

HEEDS: Final = 0.9
"""Of what the strongest informal influence says."""
DOWN: Final = 0.7
"""A superior's word with who reports to them."""
UP: Final = 0.4
"""The word of somebody with their superior."""
UNWILLING: Final = 0.25
"""What is left of it when somebody passes it on who is against it."""
MOST_RAPPORT: Final = 5
MOST_INFLUENCE: Final = 5
_REPORTS_TO: Final = Relation.REPORTS_TO.value
_DESCRIBING: Final = frozenset({Relation.WORKS_FOR.value, Relation.CONTACT.value})


class Edge(NamedTuple):
    """A relation within an organisation, between persons."""

    kind: str
    one: UUID
    other: UUID
    role: str | None = None
    title: str | None = None
    influence: int | None = None
    stance: str | None = None
    rapport: int | None = None
    preference: str | None = None


@dataclass(slots=True)
class Member:
    """A person in the decisions of an organisation."""

    person_id: UUID
    titles: set[str] = field(default_factory=set)
    roles: set[Role] = field(default_factory=set)
    stances: set[Stance] = field(default_factory=set)
    preferences: set[str] = field(default_factory=set)
    rapport: int | None = None
    superior: UUID | None = None
    level: int | None = None
    """In the formal line, 0 at its top; none beside the line."""
    reports: int = 0

    @property
    def stance(self) -> Stance | None:
        """Who is said to be against us anywhere is."""
        for stance in (Stance.OPPOSES, Stance.SUPPORTS, Stance.NEUTRAL):
            if stance in self.stances:
                return stance
        return None

    @property
    def against(self) -> bool:
        return Role.BLOCKER in self.roles or Stance.OPPOSES in self.stances

    @property
    def known(self) -> bool:
        """Whether somebody of ours could ask them for a word."""
        return bool(self.rapport)


@dataclass(frozen=True, slots=True)
class DecisionMap:
    members: Mapping[UUID, Member]
    influences: tuple[Edge, ...]

    def having(self, role: Role) -> list[UUID]:
        """Who has this role, the highest in the line first."""
        found = (one for one in self.members.values() if role in one.roles)
        return [one.person_id for one in sorted(found, key=_place)]

    def contacts(self) -> list[Member]:
        """Who has a role in what is decided, the highest in the line first."""
        return sorted((one for one in self.members.values() if one.roles), key=_place)

    def down_to(self, depth: int) -> list[Member]:
        """The upper levels of the line, and whoever has a say wherever they stand; in the order of the line."""
        heard = {end for edge in self.influences for end in (edge.one, edge.other)}
        shown = (
            one
            for one in self.members.values()
            if one.roles or one.person_id in heard or one.level is None or one.level < depth
        )
        return sorted(shown, key=_place)


class Step(NamedTuple):
    """From one to the next, how strong the word is there, and why."""

    one: UUID
    other: UUID
    strength: float
    why: str


_Reached = tuple[float, int, int, UUID, UUID, tuple[Step, ...]]
"""Less than nothing by how strong the way is, its steps, what settles ties, its start, whom it has reached, and how."""


class Path(NamedTuple):
    """How somebody we know reaches whoever decides."""

    start: UUID
    rapport: int | None
    strength: float
    steps: tuple[Step, ...]


def decision_map(edges: Iterable[Edge]) -> DecisionMap:
    """The persons of an organisation with what all relations say of each."""
    members: dict[UUID, Member] = {}
    influences: list[Edge] = []
    for edge in edges:
        one = members.get(edge.one) or members.setdefault(edge.one, Member(edge.one))
        if edge.kind in _DESCRIBING:
            _describe(one, edge)
        elif edge.one != edge.other:
            other = members.get(edge.other) or members.setdefault(edge.other, Member(edge.other))
            if edge.kind != _REPORTS_TO:
                influences.append(edge)
            elif one.superior is None or other.person_id < one.superior:
                # A merge can leave somebody with two; it is always the same of them.
                one.superior = other.person_id
    _level(members)
    return DecisionMap(members, tuple(influences))


def _describe(one: Member, edge: Edge) -> None:
    if edge.title is not None:
        one.titles.add(edge.title)
    if edge.role is not None:
        one.roles.add(Role(edge.role))
    if edge.stance is not None:
        one.stances.add(Stance(edge.stance))
    if edge.preference is not None:
        one.preferences.add(edge.preference)
    if edge.rapport is not None:
        one.rapport = max(one.rapport or 0, edge.rapport)


def _level(members: Mapping[UUID, Member]) -> None:
    """Count levels from the top. A circle, which two persons merged into one may leave, has no top and no levels."""
    below: dict[UUID, list[Member]] = {}
    for member in members.values():
        if member.superior is not None:
            below.setdefault(member.superior, []).append(member)
    for superior, reports in below.items():
        members[superior].reports = len(reports)
    waiting = deque(members[key] for key in below if members[key].superior is None)
    for top in waiting:
        top.level = 0
    while waiting:
        above = waiting.popleft()
        for member in below.get(above.person_id, ()):
            member.level = (above.level or 0) + 1
            waiting.append(member)


def _place(member: Member) -> tuple[bool, int, UUID]:
    return member.level is None, member.level or 0, member.person_id


def strongest_path(
    found: DecisionMap, starts: Collection[UUID] | None, goals: Collection[UUID], most: int
) -> Path | None:
    """The strongest way of at most so many steps to one of the goals: from one of the starts, or from whom we know."""
    begun = starts if starts is not None else [key for key, one in found.members.items() if one.known]
    words = _Words(found)
    order = count()
    ahead: list[_Reached] = [
        (-_trust(found.members[key], starts is not None), 0, next(order), key, key, ())
        for key in sorted(begun)
    ]
    heapify(ahead)
    fewest: dict[UUID, int] = {}
    while ahead:
        strength, steps, _, start, at, path = heappop(ahead)
        if at in goals:
            return Path(start, found.members[start].rapport, -strength, path)
        if steps >= min(most, fewest.get(at, most)):
            # Whoever was here before came on a stronger way, and with no more steps behind them.
            continue
        fewest[at] = steps
        for step in words.of(at):
            onward = strength * step.strength
            heappush(ahead, (onward, steps + 1, next(order), start, step.other, (*path, step)))
    return None


def _trust(member: Member, named: bool) -> float:
    """How far somebody speaks for us: as we know them; whoever is named as the start is taken at their word."""
    return 1.0 if named else (member.rapport or 0) / MOST_RAPPORT


class _Words:
    """Whose word reaches whom, and how strong it is there; looked up of those only whom a word reaches."""

    def __init__(self, found: DecisionMap) -> None:
        self._members = found.members
        self._below: dict[UUID, list[UUID]] = {}
        self._heard: dict[UUID, list[Edge]] = {}
        for member in found.members.values():
            if member.superior is not None:
                self._below.setdefault(member.superior, []).append(member.person_id)
        for edge in found.influences:
            self._heard.setdefault(edge.one, []).append(edge)

    def of(self, one: UUID) -> list[Step]:
        """By whom somebody is heard, and why."""
        member = self._members[one]
        willing = UNWILLING if member.against else 1
        said = [(other, DOWN, "superior of") for other in self._below.get(one, ())]
        if member.superior is not None:
            said.append((member.superior, UP, "reports to"))
        said += [
            (edge.other, HEEDS * edge.influence / MOST_INFLUENCE, f"influence +{edge.influence}")
            for edge in self._heard.get(one, ())
            if edge.influence is not None and edge.influence > 0
        ]
        return [Step(one, other, strength * willing, why) for other, strength, why in said]

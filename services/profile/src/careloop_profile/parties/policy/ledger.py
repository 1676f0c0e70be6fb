"""Many statements at once, each judged by what is known and what those before it said. All ends are persons here.

A file states again what it stated before, so a statement may also be known already, or tell of one that is known that it
ends, or that it is so indeed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from careloop_profile.customers.errors import DatesReversed
from careloop_profile.parties.errors import LineInCircle, RelationDecided, RelationNotFound, RelationOverlaps
from careloop_profile.parties.policy.relations import FACTS, LINES, Claim, Relation, rivals

_EVER: Final = date.max


class Verdict(StrEnum):
    STATED = "stated"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim of a file. Without a first day of its own (`dated`) it is about what holds now."""

    claim: Claim
    dated: bool = True


@dataclass(slots=True, eq=False)
class Entry:
    """A relation that is known, or will be."""

    id: UUID
    kind: str
    from_id: UUID
    to_id: UUID
    organization_id: UUID | None
    account_id: UUID | None
    subscription_id: UUID | None
    facts: Mapping[str, Any]
    valid_from: date
    valid_to: date | None
    state: str

    @property
    def until(self) -> date:
        return self.valid_to or _EVER

    @property
    def stands(self) -> bool:
        """It is, was or will be so on some day."""
        return self.state != "dismissed" and self.valid_from < self.until

    def value(self, name: str) -> Any:
        return self.facts.get("role") if name == "role" else getattr(self, name)


class Ledger:
    """What is known of the relations of some persons."""

    def __init__(self, known: Iterable[Entry], today: date) -> None:
        self._today = today
        self._by_shape: dict[tuple[str, ...], dict[tuple[Any, ...], list[Entry]]] = {}
        self._up: dict[tuple[str, UUID], list[Entry]] = {}
        self._entries: list[Entry] = []
        for entry in known:
            self._add(entry)
        self.stated: list[tuple[int, Entry]] = []
        """Which statement said what nobody had said before, by its place."""
        self.changed: dict[UUID, Entry] = {}

    def take(self, place: int, new_id: UUID, statement: Statement) -> Verdict:
        """What becomes of a statement that may be made of such persons; raises what is wrong with it."""
        claim = statement.claim
        if statement.dated and claim.valid_to is not None and claim.valid_to <= claim.valid_from:
            raise DatesReversed(f"{claim.valid_to} is not after {claim.valid_from}.")
        found = self._same(statement)
        if found is not None:
            return self._again(found, statement)
        if not statement.dated and claim.valid_to is not None:
            raise RelationNotFound(f"There is no {claim.kind} that could end.")
        self._check_rivals(claim)
        self._check_line(claim)
        entry = _entry(new_id, claim)
        self._add(entry)
        self.stated.append((place, entry))
        return Verdict.STATED

    def guarded(self, minor: UUID) -> bool:
        """Whether somebody is the guardian of this person today."""
        found = self._matching({"kind": Relation.GUARDIAN, "to_id": minor})
        return any(one.stands and one.valid_from <= self._today < one.until for one in found)

    def _same(self, statement: Statement) -> Entry | None:
        """The relation that the statement is about, if it is known."""
        claim, shapes = statement.claim, rivals(statement.claim)
        mine = self._matching(shapes[0])
        if claim.kind is Relation.FAMILY:
            mine = mine + self._matching(shapes[1])
        mine = sorted((one for one in mine if one.state != "dismissed"), key=lambda one: one.valid_from)
        if not statement.dated:
            return next((one for one in reversed(mine) if one.stands), None)
        first = claim.valid_from
        for one in mine:
            if one.valid_from == first or one.valid_from < first < one.until:
                return one
        proposed = (one for one in mine if one.state == "proposed" and _meet(one, claim))
        return next(proposed, None)

    def _again(self, entry: Entry, statement: Statement) -> Verdict:
        claim, facts = statement.claim, dict(_stated(statement.claim))
        if any(entry.facts.get(name, value) != value for name, value in facts.items()):
            raise RelationOverlaps(f"Relation {entry.id} says otherwise.", relation_id=str(entry.id))
        if claim.valid_to is None and not statement.dated and entry.until <= self._today:
            raise RelationDecided(f"Relation {entry.id} has ended.", state=entry.state)
        ends = claim.valid_to is not None and claim.valid_to != entry.valid_to
        if claim.valid_to is not None and claim.valid_to > entry.until:
            raise RelationDecided(f"Relation {entry.id} ended before.", state=entry.state)
        confirms = entry.state == "proposed"
        first = claim.valid_from if confirms and statement.dated else entry.valid_from
        if claim.valid_to is not None and claim.valid_to < first:
            raise DatesReversed(f"It began on {first}, after {claim.valid_to}.")
        if not ends and not confirms and facts.keys() <= entry.facts.keys():
            return Verdict.UNCHANGED
        entry.facts, entry.valid_from, entry.state = {**entry.facts, **facts}, first, "confirmed"
        entry.valid_to = claim.valid_to or entry.valid_to
        self.changed[entry.id] = entry
        return Verdict.CHANGED

    def _check_rivals(self, claim: Claim) -> None:
        for shape in rivals(claim):
            for one in self._matching(shape):
                if one.stands and _meet(one, claim):
                    raise RelationOverlaps(
                        f"Relation {one.id} holds on some of these days.", relation_id=str(one.id)
                    )

    def _check_line(self, claim: Claim) -> None:
        """Whether the line leads back to where it begins while all of its steps hold."""
        if claim.kind not in LINES:
            return
        seen = set()
        ahead = [(claim.to_id, claim.valid_from, claim.valid_to or _EVER)]
        while ahead:
            person_id, since, until = ahead.pop()
            if person_id == claim.from_id:
                raise LineInCircle(f"By {claim.kind} somebody would be over themselves.")
            for one in self._up.get((claim.kind, person_id), ()):
                step = (one.to_id, max(since, one.valid_from), min(until, one.until))
                within = one.organization_id == claim.place
                if within and one.stands and step[1] < step[2] and step not in seen:
                    seen.add(step)
                    ahead.append(step)

    def _matching(self, shape: Mapping[str, Any]) -> list[Entry]:
        names = tuple(shape)
        if names not in self._by_shape:
            self._by_shape[names] = {}
            for entry in self._entries:
                self._file(names, entry)
        return self._by_shape[names].get(tuple(shape.values()), [])

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        for names in self._by_shape:
            self._file(names, entry)
        if entry.kind in LINES:
            self._up.setdefault((entry.kind, entry.from_id), []).append(entry)

    def _file(self, names: tuple[str, ...], entry: Entry) -> None:
        values = tuple(entry.value(name) for name in names)
        self._by_shape[names].setdefault(values, []).append(entry)


def _meet(one: Entry, claim: Claim) -> bool:
    return one.valid_from < (claim.valid_to or _EVER) and claim.valid_from < one.until


def _stated(claim: Claim) -> Iterator[tuple[str, Any]]:
    return ((name, claim.facts[name]) for name in FACTS if claim.facts.get(name) is not None)


def _entry(new_id: UUID, claim: Claim) -> Entry:
    return Entry(
        new_id,
        claim.kind,
        claim.from_id,
        claim.to_id,
        claim.place,
        claim.account_id,
        claim.subscription_id,
        dict(_stated(claim)),
        claim.valid_from,
        claim.valid_to,
        "confirmed",
    )

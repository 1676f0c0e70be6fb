"""Clusters: customers that evidence holds together. Nothing is kept of how they came to be but the evidence itself."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Known(NamedTuple):
    """When a customer became known; the first of a person gives it its id."""

    created_at: datetime
    customer_id: UUID


class Clue(NamedTuple):
    """Evidence that holds two customers together."""

    one: UUID
    other: UUID


def head(members: Iterable[Known]) -> UUID:
    """The id of the person that these customers are."""
    return min(members).customer_id


def parts(members: Collection[UUID], clues: Iterable[Clue]) -> list[frozenset[UUID]]:
    """What hangs together by these clues, by union-find with path halving (Tarjan and van Leeuwen, 1984)."""
    parent = {member: member for member in members}

    def root(member: UUID) -> UUID:
        while parent[member] != member:
            parent[member] = member = parent[parent[member]]
        return member

    for clue in clues:
        if clue.one in parent and clue.other in parent:
            one, other = root(clue.one), root(clue.other)
            parent[max(one, other)] = min(one, other)
    found: dict[UUID, set[UUID]] = {}
    for member in parent:
        found.setdefault(root(member), set()).add(member)
    return [frozenset(found[key]) for key in sorted(found)]

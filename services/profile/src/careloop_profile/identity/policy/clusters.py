"""Clusters: customers that evidence holds together. Of how they came to be the evidence is kept, and the row in which
they stand, which says of any two since when they are one person."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from careloop_profile.customers.policy import Joined


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


def row_of(members: Collection[UUID], rows: Iterable[Sequence[Joined]], now: datetime) -> list[Joined]:
    """The row of those who are one person now, from the rows in which they stood: where two rows meet, they do now.

    Of those who go away remains how late whoever stood on either side of them came together.
    """
    met = chain.from_iterable((Joined(row[0].customer_id, now), *row[1:]) for row in rows)
    found: list[Joined] = []
    latest: datetime | None = None
    for customer_id, since in met:
        latest = max(latest or since, since)
        if customer_id in members:
            found.append(Joined(customer_id, latest))
            latest = None
    return found

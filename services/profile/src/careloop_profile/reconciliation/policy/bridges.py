"""Where a person hangs by a thread: customers whom the word of a model about two of them holds together, and nothing else.

Bridges are found as in R. E. Tarjan, "A note on finding the bridges of a graph", Information Processing Letters 2
(1974): one walk numbers the customers so that whoever hangs below another follows it without a gap. The edge to it is
a bridge if nobody from it on down has an edge to anybody outside those numbers. The walk goes down first, so that all
other edges lead up or down: it is enough to look for one that leads up.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

FEWEST: Final = 3
"""Of two customers there is no bridge to judge: the pair is a question of its own."""


class Tie(NamedTuple):
    """Evidence that holds two customers together; `by_model` is whether a model said so, and no rule and no person."""

    one: UUID
    other: UUID
    by_model: bool


class Bridge(NamedTuple):
    """Two customers without whose evidence their person is two, and both of these. `one` is the lower id."""

    one: UUID
    other: UUID
    ours: frozenset[UUID]
    """With `one` among them."""
    theirs: frozenset[UUID]

    def below(self, most: int) -> bool:
        """Whether there are no more than so many pairs across it."""
        return len(self.ours) * len(self.theirs) <= most


def hanging(ties: Iterable[Tie], fewest: int = FEWEST) -> list[Bridge]:
    """The bridges of one person of which only a model speaks; none of a person of fewer customers."""
    by_model: dict[tuple[UUID, UUID], bool] = {}
    for tie in ties:
        pair = min(tie.one, tie.other), max(tie.one, tie.other)
        by_model[pair] = tie.by_model and by_model.get(pair, True)
    members = {key for pair in by_model for key in pair}
    if len(members) < fewest:
        return []
    return [one for one in bridges(by_model) if by_model[one.one, one.other]]


def bridges(pairs: Collection[tuple[UUID, UUID]]) -> list[Bridge]:
    """The bridges of a graph, each pair of which is there once; what does not hang together with it is on neither side."""
    near: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    found: list[Bridge] = []
    seen: set[UUID] = set()
    for root in sorted(near):
        if root not in seen:
            order, above = _walk(root, near)
            seen.update(order)
            found += _of_tree(order, above, near)
    return sorted(found)


def _walk(root: UUID, near: Mapping[UUID, Collection[UUID]]) -> tuple[list[UUID], dict[UUID, UUID | None]]:
    """Everybody that hangs together with `root`, each before those below it, and who is above each."""
    order: list[UUID] = []
    above: dict[UUID, UUID | None] = {}
    waiting: list[tuple[UUID, UUID | None]] = [(root, None)]
    while waiting:
        one, origin = waiting.pop()
        if one not in above:
            above[one] = origin
            order.append(one)
            waiting.extend((other, one) for other in sorted(near[one]) if other not in above)
    return order, above


def _of_tree(
    order: list[UUID], above: Mapping[UUID, UUID | None], near: Mapping[UUID, Collection[UUID]]
) -> list[Bridge]:
    number = {one: place for place, one in enumerate(order)}
    # Of each the first number that it and those below it have an edge to, and how many they are.
    first, many = dict(number), dict.fromkeys(order, 1)
    found, everybody = [], frozenset(order)
    for one in reversed(order):
        for other in near[one]:
            if above[other] == one:
                many[one] += many[other]
                first[one] = min(first[one], first[other])
            elif other != above[one]:
                first[one] = min(first[one], number[other])
        origin = above[one]
        if origin is not None and first[one] == number[one]:
            below = frozenset(order[number[one] : number[one] + many[one]])
            sides = {one: below, origin: everybody - below}
            low, high = sorted(sides)
            found.append(Bridge(low, high, sides[low], sides[high]))
    return found

"""What another model would do otherwise, before it is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.linkage import policy, queries
from careloop_profile.linkage.policy import Model, Verdict
from careloop_profile.linkage.service import versions
from careloop_profile.linkage.service.candidates import MOST_IN_BLOCK, Known, Records

MOST_SHOWN: Final = 50
Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Preview:
    """Probabilities of pairs that are not left alone, by the active model and by the proposed one."""

    compared: int
    active: Mapping[Pair, float]
    proposed: Mapping[Pair, float]

    @property
    def changed(self) -> Sequence[Pair]:
        """The pairs that would be treated otherwise, those that change most first."""
        pairs = {*self.active, *self.proposed}
        other = [pair for pair in pairs if _of(self.active.get(pair)) is not _of(self.proposed.get(pair))]
        other.sort(key=lambda one: (-abs(self.active.get(one, 0.0) - self.proposed.get(one, 0.0)), one))
        return other[:MOST_SHOWN]


async def preview(
    session: AsyncSession, records: Records, document: Mapping[str, Any], sample: int
) -> Preview:
    """Compare the newest customers with those whom the active model brings to them, by both models."""
    proposed, active = versions.checked(document), await versions.active(session)
    newest = await queries.newest_customers(session, sample)
    found = await customers.load(session, newest)
    if active:
        keys = [records.keys(active, records.known(active, one).record) for one in found.values()]
        holders = await queries.neighbours(session, set().union(*keys), MOST_IN_BLOCK)
        found |= await customers.load(session, list(set().union(*holders.values()) - set(found)))
    return Preview(
        len(found),
        _pairs(active, {key: records.known(active, one) for key, one in found.items()}, records)
        if active
        else {},
        _pairs(proposed, {key: records.known(proposed, one) for key, one in found.items()}, records),
    )


def _pairs(model: Model, known: Mapping[UUID, Known], records: Records) -> dict[Pair, float]:
    blocks: dict[int, list[UUID]] = {}
    for key in sorted(known):
        for block in records.keys(model, known[key].record):
            blocks.setdefault(block, []).append(key)
    pairs = {
        pair for block in blocks.values() if len(block) <= MOST_IN_BLOCK for pair in combinations(block, 2)
    }
    scores = {pair: known[pair[0]].compared(known[pair[1]], model) for pair in pairs}
    return {
        pair: score.probability
        for pair, score in scores.items()
        if score and score.probability >= policy.DOUBTFUL
    }


def _of(probability: float | None) -> Verdict:
    return policy.verdict(probability or 0.0, agreed=True)

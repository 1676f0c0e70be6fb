"""Questions that wait for somebody, asked of the model that is active now."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.linkage import queries as linkage
from careloop_profile.linkage.policy import DOUBTFUL, Model
from careloop_profile.linkage.service import Records
from careloop_profile.linkage.service.candidates import Circle, circle
from careloop_profile.linkage.service.linking import may_be_one
from careloop_profile.reconciliation.service.parting import Parting

_TWO = 2


class Closed(NamedTuple):
    """A question that is not asked any more, and what the model says of its two customers; None if it is not asked."""

    review_id: UUID
    kind: str
    one: UUID
    other: UUID
    probability: float | None


class Asking:
    """Closes what the active model does not ask; of what became of itself nothing is made."""

    def __init__(self, records: Records, parting: Parting) -> None:
        self._records, self._parting = records, parting

    async def close(
        self, session: AsyncSession, model: Model, review_ids: Collection[UUID], *, now: datetime
    ) -> list[Closed]:
        """Close those of these questions that the model would not ask; returns them."""
        rows = await linkage.open_among(session, review_ids)
        ends = {key for row in rows for key in (row.one, row.other)}
        persons = await linkage.persons(session, ends)
        found = await circle(session, self._records, model, ends)
        weak = await self._weak(session, model, {row.one for row in rows if row.kind == "split"}, persons)
        settled, closed = set(), {}
        for row in rows:
            known = row.one in persons and row.other in persons
            together = known and persons[row.one] == persons[row.other]
            if not known or together is (row.kind == "join"):
                settled.add(row.id)
                continue
            probability = _probability(found, row.one, row.other)
            asks = (
                (row.one, row.other) in weak
                if row.kind == "split"
                else await _joins(session, found, row.one, row.other, probability)
            )
            if not asks:
                closed[row.id] = Closed(row.id, row.kind, row.one, row.other, probability)
        await linkage.end(session, settled, "settled", now)
        return [closed[key] for key in sorted(await linkage.end(session, closed, "withdrawn", now))]

    async def _weak(
        self, session: AsyncSession, model: Model, ones: Collection[UUID], persons: Mapping[UUID, UUID]
    ) -> set[tuple[UUID, UUID]]:
        mine = sorted({persons[one] for one in ones if one in persons})
        weak = await self._parting.weak(session, model, mine, fewest=_TWO) if mine else []
        return {(one.bridge.one, one.bridge.other) for one in weak}


def _probability(found: Circle, one: UUID, other: UUID) -> float | None:
    if one not in found.known or other not in found.known:
        return None
    score = found.known[one].compared(found.known[other], found.model)
    return score.probability if score else None


async def _joins(
    session: AsyncSession, found: Circle, one: UUID, other: UUID, probability: float | None
) -> bool:
    """Whether the two would be asked about now: not where a guard or somebody keeps their persons apart."""
    if probability is None or probability < DOUBTFUL:
        return False
    return await may_be_one(session, found, one, other)

"""Persons that hang together by what a model said once and would not say now: asked about, or taken apart."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.identity import policy as identities
from careloop_profile.identity import queries as evidence
from careloop_profile.identity import service as identity
from careloop_profile.identity.errors import HeldTogether, MergeUndone
from careloop_profile.identity.policy import Method
from careloop_profile.linkage import queries as linkage
from careloop_profile.linkage.policy import DOUBTFUL, Model, Score
from careloop_profile.linkage.service import Records
from careloop_profile.linkage.service.candidates import Circle, circle
from careloop_profile.linkage.service.linking import Proposal, question_of
from careloop_profile.reconciliation.policy import Bridge, Tie, hanging
from careloop_profile.reconciliation.policy.bridges import FEWEST

MOST_ACROSS: Final = 400
"""Pairs across a bridge that are compared before it is called weak; what has more is left alone."""
_NOTHING: Final = Score(-1000.0, {})
"""What a person and a firm say of each other."""


class Weak(NamedTuple):
    """A bridge that the model would not draw now."""

    bridge: Bridge
    score: Score
    drawn: Sequence[Mapping[str, Any]]
    """What joined the two once."""

    @property
    def detail(self) -> dict[str, Any]:
        """Both parts, and why they were one; no personal data."""
        parts = [sorted(map(str, part)) for part in (self.bridge.ours, self.bridge.theirs)]
        return {"parts": parts, "drawn": list(self.drawn)}


class Parted(NamedTuple):
    """A weak bridge, with the question that was put or what took its person apart."""

    weak: Weak
    subject_id: UUID


class Parting:
    """Looks at persons. `splits` is whether they are taken apart without anybody being asked."""

    def __init__(self, records: Records, *, splits: bool) -> None:
        self._records, self.splits = records, splits

    async def look(
        self,
        session: AsyncSession,
        model: Model,
        person_ids: Collection[UUID],
        *,
        now: datetime,
        run_id: UUID,
    ) -> list[Parted]:
        """Ask about the weak bridges of these persons, or take them apart there; returns what is new."""
        weak = await self.weak(session, model, person_ids)
        if self.splits:
            return [
                Parted(one, merge_id)
                for one in weak
                if (merge_id := await _cut(session, one, model, run_id, now))
            ]
        rows = [_question(one, model, run_id, now) for one in weak]
        asked = await linkage.ask(session, rows) if rows else {}
        new = ((one, asked.get((one.bridge.one, one.bridge.other))) for one in weak)
        return [Parted(one, review_id) for one, review_id in new if review_id]

    async def weak(
        self, session: AsyncSession, model: Model, person_ids: Collection[UUID], *, fewest: int = FEWEST
    ) -> list[Weak]:
        """The bridges of these persons that a model drew, whose two customers it does not take for one person any more,
        and across which nobody else speaks for it."""
        kin = await customers.kin(session, list(person_ids))
        rows = await evidence.held_by(session, kin)
        ties: dict[UUID, list[Tie]] = {}
        for row in rows:
            tie = Tie(row.one, row.other, row.method == Method.PROBABILISTIC.value)
            ties.setdefault(kin[row.one].person_id, []).append(tie)
        bridges = [one for mine in ties.values() for one in hanging(mine, fewest) if one.below(MOST_ACROSS)]
        if not bridges:
            return []
        ends = await circle(session, self._records, model, {key for one in bridges for key in one[:2]})
        doubted = [one for one in bridges if _doubted(ends, one.one, one.other)]
        if not doubted:
            return []
        all_of_them = {key for one in doubted for key in (*one.ours, *one.theirs)}
        found = await circle(session, self._records, model, all_of_them)
        return sorted(
            Weak(one, _score(found, one.one, one.other), _drawn(rows, one))
            for one in doubted
            if not any(_speaks(found, *pair) for pair in _across(found, one))
        )


def _score(found: Circle, one: UUID, other: UUID) -> Score:
    return found.known[one].compared(found.known[other], found.model) or _NOTHING


def _doubted(found: Circle, one: UUID, other: UUID) -> bool:
    return {one, other} <= found.known.keys() and _score(found, one, other).probability < DOUBTFUL


def _across(found: Circle, bridge: Bridge) -> Iterator[tuple[UUID, UUID]]:
    return (
        (one, other) for one in bridge.ours for other in bridge.theirs if {one, other} <= found.known.keys()
    )


def _speaks(found: Circle, one: UUID, other: UUID) -> bool:
    """Whether the model, or a rule of identity, takes the two for one person."""
    if not _doubted(found, one, other):
        return True
    return any(identities.propose([found.known[one].candidate, found.known[other].candidate]))


def _drawn(rows: Sequence[Any], bridge: Bridge) -> list[dict[str, Any]]:
    return [
        {"method": row.method, "rule": row.rule, "probability": row.probability, "at": row.at.isoformat()}
        for row in rows
        if (row.one, row.other) == (bridge.one, bridge.other)
    ]


def _question(weak: Weak, model: Model, run_id: UUID, now: datetime) -> dict[str, Any]:
    row = question_of(model, Proposal(weak.bridge.one, weak.bridge.other, weak.score), now, run_id)
    return row | {"kind": "split", "bridge": weak.detail}


async def _cut(session: AsyncSession, weak: Weak, model: Model, run_id: UUID, now: datetime) -> UUID | None:
    reason = f"by model {model.version} with probability {weak.score.probability:.4f}, in run {run_id}"
    one, other = weak.bridge.one, weak.bridge.other
    try:
        row = await identity.cut(
            session, one, other, reason, now=now, actor=SYSTEM, method=Method.PROBABILISTIC
        )
    except (HeldTogether, MergeUndone):
        # Somebody decided meanwhile.
        return None
    return row.id

"""Finding out that customers are probably somebody who is known: merged when it is certain, asked about when it is not."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers import queries as customers
from careloop_profile.identity import policy as identity_policy
from careloop_profile.identity import queries as identities
from careloop_profile.identity import service as identity
from careloop_profile.identity.errors import NotMergeable
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds
from careloop_profile.linkage import metrics, policy, queries
from careloop_profile.linkage.policy import DOUBTFUL, Model, Score, Verdict
from careloop_profile.linkage.service import versions
from careloop_profile.linkage.service.candidates import MOST_IN_BLOCK, Circle, Records, circle

STRETCH = 200
"""Customers known before that are compared in one transaction."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two customers who are probably one person."""

    one: UUID
    other: UUID
    score: Score


@dataclass(slots=True)
class Linked:
    """What came of comparing customers."""

    merged: list[tuple[Proposal, UUID]] = field(default_factory=list)
    """With the ids of the merges."""
    asked: list[tuple[Proposal, UUID]] = field(default_factory=list)
    """Pairs that nobody was being asked about before, with the ids of the questions."""


class Linker:
    """Compares customers by the active model."""

    def __init__(self, records: Records, candidates: Candidates) -> None:
        self._records, self._candidates = records, candidates

    async def link(self, session: AsyncSession, customer_ids: Collection[UUID], *, now: datetime) -> None:
        """Compare these customers with those like them, and merge or ask. Nothing happens without a model."""
        await presence.enter(session)
        model = await versions.active(session)
        if model is not None:
            await self._link(session, model, customer_ids, now)

    async def apply(self, session: AsyncSession, *, now: datetime, limit: int = STRETCH) -> bool:
        """Compare the next of all customers by a model that is new; whether there may be more."""
        await presence.enter(session)
        row = await queries.unapplied(session)
        if row is None:
            return False
        model = await versions.known(session, row.version)
        following = await queries.customers_after(session, row.cursor, limit)
        await self._link(session, model, following, now)
        row.cursor = following[-1] if following else row.cursor
        row.applied_at = None if len(following) == limit else now
        return row.applied_at is None

    async def reconcile(
        self,
        session: AsyncSession,
        model: Model,
        customer_ids: Collection[UUID],
        *,
        now: datetime,
        run_id: UUID,
    ) -> Linked:
        """As `link`, for a run over all customers, which the evidence names; returns what was found."""
        return await self._link(session, model, customer_ids, now, run_id)

    async def _link(
        self,
        session: AsyncSession,
        model: Model,
        customer_ids: Collection[UUID],
        now: datetime,
        run_id: UUID | None = None,
    ) -> Linked:
        linked = Linked()
        like = await self._neighbours(session, model, customer_ids)
        if not like:
            return linked
        found = await circle(session, self._records, model, set(like).union(*like.values()))
        proposals = sorted(_proposals(found, like), key=lambda one: (-one.score.weight, one.one, one.other))
        if not proposals:
            return linked
        # All at once and in their order, so that two who need the same customers do not wait for each other.
        if any(one.score.probability >= policy.CERTAIN for one in proposals):
            await identity.hold(session, sorted({key for one in proposals for key in (one.one, one.other)}))
        questions = []
        for proposal in proposals:
            if found.person(proposal.one) == found.person(proposal.other):
                continue
            verdict = _verdict(found, proposal)
            if verdict is Verdict.MERGE:
                if merge_id := await self._merge(session, found, proposal, now, run_id):
                    linked.merged.append((proposal, merge_id))
            elif await _unasked(session, found, proposal):
                questions.append(proposal)
                metrics.LINKED.labels(verdict.value).inc()
        if questions:
            questions.sort(key=lambda one: (one.one, one.other))
            asked = await queries.ask(session, [question_of(model, one, now, run_id) for one in questions])
            new = ((one, asked.get((one.one, one.other))) for one in questions)
            linked.asked += [(one, review_id) for one, review_id in new if review_id]
        return linked

    async def _neighbours(
        self, session: AsyncSession, model: Model, customer_ids: Collection[UUID]
    ) -> dict[UUID, set[UUID]]:
        """Who shares a key with each of these customers, whose keys are written down."""
        loaded = await customers.load(session, list(customer_ids))
        keys = {
            key: self._records.keys(model, self._records.known(model, customer).record)
            for key, customer in loaded.items()
        }
        await queries.set_keys(session, keys)
        holders = await queries.neighbours(session, set().union(*keys.values()), MOST_IN_BLOCK)
        like = {
            key: set().union(*(holders.get(one, ()) for one in mine)) - {key} for key, mine in keys.items()
        }
        return {key: others for key, others in like.items() if others}

    async def _merge(
        self,
        session: AsyncSession,
        found: Circle,
        proposal: Proposal,
        now: datetime,
        run_id: UUID | None,
    ) -> UUID | None:
        try:
            merged = await identity.merge(
                session,
                self._candidates,
                proposal.one,
                proposal.other,
                _grounds(found.model, proposal.score, run_id),
                now=now,
                actor=SYSTEM,
            )
        except NotMergeable as refused:
            metrics.REFUSED.labels(str(refused.extra["refusal"])).inc()
            return None
        found.join(proposal.one, proposal.other)
        if merged is None:
            return None
        metrics.LINKED.labels(Verdict.MERGE.value).inc()
        return merged.id


def _proposals(found: Circle, like: Mapping[UUID, Collection[UUID]]) -> Iterator[Proposal]:
    """Of each customer with each other person the pair that is most alike, if it is alike enough to be asked about."""
    for one, others in like.items():
        best: dict[UUID, Proposal] = {}
        for other in others:
            # Of two who are both compared now, one looks.
            if one not in found.known or other not in found.known or (other in like and other < one):
                continue
            score = found.known[one].compared(found.known[other], found.model)
            if score is None or score.probability < DOUBTFUL or found.person(one) == found.person(other):
                continue
            person = found.person(other)
            if person not in best or score.weight > best[person].score.weight:
                best[person] = Proposal(min(one, other), max(one, other), score)
        yield from best.values()


def _verdict(found: Circle, proposal: Proposal) -> Verdict:
    one, other = proposal.one, proposal.other
    alone = len(found.members(one)) == len(found.members(other)) == 1
    agreed = alone or policy.agree(found.weights(one, other))
    return policy.verdict(proposal.score.probability, agreed=agreed)


async def may_be_one(session: AsyncSession, found: Circle, one: UUID, other: UUID) -> bool:
    """Whether no guard forbids that the persons of two customers are one, and nobody has said that they are two."""
    ours, theirs = found.members(one), found.members(other)
    sides = ([found.known[key].candidate for key in side] for side in (ours, theirs))
    if identity_policy.objection(*sides, apart=False):
        return False
    return not await identities.kept_apart(session, ours, theirs)


async def _unasked(session: AsyncSession, found: Circle, proposal: Proposal) -> bool:
    """Whether somebody may say yes, and nobody is asked about other customers of the two persons."""
    if not await may_be_one(session, found, proposal.one, proposal.other):
        return False
    ours, theirs = found.members(proposal.one), found.members(proposal.other)
    return not await queries.asked_between(session, ours, theirs) - {(proposal.one, proposal.other)}


def _grounds(model: Model, score: Score, run_id: UUID | None) -> Grounds:
    reason = f"by model {model.version} with probability {score.probability:.4f}"
    detail = detail_of(model, score)
    if run_id is not None:
        reason, detail = f"{reason}, in run {run_id}", detail | {"run_id": str(run_id)}
    return Grounds(Method.PROBABILISTIC, f"linkage model {model.version}", reason, score.probability, detail)


def detail_of(model: Model, score: Score) -> dict[str, Any]:
    """How a probability came about, in bits: what is expected of any two, and what each field adds."""
    return {"prior": round(model.prior, 3), "weight": round(score.weight, 3), "fields": fields_of(score)}


def fields_of(score: Score) -> dict[str, Any]:
    return {
        name: {"level": said.level, "weight": round(said.weight, 3)} for name, said in score.fields.items()
    }


def question_of(
    model: Model, proposal: Proposal, now: datetime, run_id: UUID | None = None
) -> dict[str, Any]:
    """The row of a question about two persons."""
    return {
        "id": ids.new_id(),
        "kind": "join",
        "one": proposal.one,
        "other": proposal.other,
        "run_id": run_id,
        "bridge": None,
        "model_version": model.version,
        "probability": proposal.score.probability,
        "weight": proposal.score.weight,
        "fields": fields_of(proposal.score),
        "state": "open",
        "created_at": now,
    }

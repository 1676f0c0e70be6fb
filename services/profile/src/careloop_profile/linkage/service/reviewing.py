"""People decide what the model is not certain of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.policy import Customer
from careloop_profile.identity import service as identity
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service import Candidates, Grounds
from careloop_profile.linkage import metrics, queries
from careloop_profile.linkage.errors import MatchReviewDecided, MatchReviewNotFound
from careloop_profile.linkage.models import MatchReviewRow
from careloop_profile.linkage.policy import Model
from careloop_profile.linkage.service import versions


@dataclass(frozen=True, slots=True)
class Question:
    """Two customers side by side, with what the model says of them."""

    row: MatchReviewRow
    model: Model
    one: Customer
    other: Customer


async def questions(session: AsyncSession, rows: Sequence[MatchReviewRow]) -> list[Question]:
    """The rows with both of their sides as they are now; without those of whom one is gone."""
    found: Mapping[UUID, Customer] = await customers.load(
        session, list({key for row in rows for key in (row.one, row.other)})
    )
    return [
        Question(row, await versions.known(session, row.model_version), found[row.one], found[row.other])
        for row in rows
        if row.one in found and row.other in found
    ]


async def question(session: AsyncSession, review_id: UUID) -> Question:
    return await _whole(session, await _find(session, review_id))


async def assign(session: AsyncSession, review_id: UUID, assignee: str | None) -> Question:
    """Give an open question to somebody, or back to all."""
    row = await _open(session, review_id)
    row.assignee = assignee
    return await _whole(session, row)


async def accept(
    session: AsyncSession,
    candidates: Candidates,
    review_id: UUID,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> Question:
    """Two persons are one: merged by hand, with what the model said as evidence. Or one is two: taken apart."""
    row = await _held(session, review_id)
    if row.kind == "split":
        await identity.cut(session, row.one, row.other, reason, now=now, actor=actor)
        return await _decided(session, row, "accepted", reason, now=now, actor=actor)
    rule = f"linkage model {row.model_version}, reviewed"
    detail = {"weight": row.weight, "fields": row.fields}
    grounds = Grounds(Method.MANUAL, rule, reason, row.probability, detail)
    await identity.merge(session, candidates, row.one, row.other, grounds, now=now, actor=actor)
    return await _decided(session, row, "accepted", reason, now=now, actor=actor)


async def reject(
    session: AsyncSession, review_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> Question:
    """Two persons stay two: no rule and no model will join them. Or one stays one: somebody said so."""
    row = await _held(session, review_id)
    if row.kind == "split":
        grounds = Grounds(Method.MANUAL, f"linkage model {row.model_version}, reviewed", reason)
        await identity.confirm(session, row.one, row.other, grounds, now=now, actor=actor)
    else:
        await identity.keep_apart(session, row.one, row.other, reason, now=now, actor=actor)
    return await _decided(session, row, "rejected", reason, now=now, actor=actor)


async def _decided(
    session: AsyncSession, row: MatchReviewRow, state: str, reason: str, *, now: datetime, actor: Actor
) -> Question:
    row.state, row.reason = state, reason
    row.decided_at, row.decided_by = now, actor.id
    metrics.DECIDED.labels(state).inc()
    await session.flush()
    return await _whole(session, row)


async def _whole(session: AsyncSession, row: MatchReviewRow) -> Question:
    found = await questions(session, [row])
    if not found:
        raise MatchReviewNotFound(f"A customer of match review {row.id} is gone.")
    return found[0]


async def _find(session: AsyncSession, review_id: UUID, *, lock: bool = False) -> MatchReviewRow:
    row = await queries.review(session, review_id, lock=lock)
    if row is None:
        raise MatchReviewNotFound(f"There is no match review {review_id}.")
    return row


async def _open(session: AsyncSession, review_id: UUID) -> MatchReviewRow:
    row = await _find(session, review_id, lock=True)
    if row.state != "open":
        raise MatchReviewDecided(f"Match review {review_id} is {row.state}.", state=row.state)
    return row


async def _held(session: AsyncSession, review_id: UUID) -> MatchReviewRow:
    """An open question whose persons nobody else changes meanwhile; whoever compares customers has them first, too."""
    row = await _find(session, review_id)
    await identity.hold(session, [row.one, row.other])
    return await _open(session, review_id)

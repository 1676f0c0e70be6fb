from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.customers import queries as customers
from careloop_scoring.scores.models import Score
from careloop_scoring.scores.policy import Episode, Held, Verdict

_SCORE = Score.__table__.c  # type: ignore[attr-defined]


async def held(session: AsyncSession, customer_ids: Sequence[UUID]) -> dict[UUID, Held]:
    columns = (_SCORE.customer_id, _SCORE.at_risk, _SCORE.warned, _SCORE.published)
    rows = await session.execute(select(*columns).where(_SCORE.customer_id.in_(customer_ids)))
    return {
        customer_id: Held(Episode(at_risk=at_risk, warned=warned), Verdict(**published))
        for customer_id, at_risk, warned, published in rows
    }


async def riskiest(
    session: AsyncSession, filters: Mapping[str, str], *, after: tuple[float, UUID] | None, limit: int
) -> Sequence[Score]:
    """The highest probabilities first, ties by customer id."""
    conditions: list[ColumnElement[bool]] = [_SCORE[name] == value for name, value in filters.items()]
    conditions.append(~customers.is_withheld(_SCORE.customer_id))
    if after is not None:
        conditions.append(tuple_(-_SCORE.probability, _SCORE.customer_id) > tuple_(-after[0], after[1]))
        conditions.append(_SCORE.probability <= after[0])
    statement = (
        select(Score).where(*conditions).order_by(_SCORE.probability.desc(), _SCORE.customer_id).limit(limit)
    )
    return (await session.execute(statement)).scalars().all()


async def counts(session: AsyncSession, column: str) -> dict[str, int]:
    shown = _SCORE[column].is_not(None), ~customers.is_withheld(_SCORE.customer_id)
    statement = select(_SCORE[column], func.count()).where(*shown).group_by(_SCORE[column])
    return {row[0]: row[1] for row in await session.execute(statement)}


async def drop_departed(session: AsyncSession) -> int:
    """Delete the scores of customers who are not active any more, or refused to be scored."""
    result: Any = await session.execute(delete(Score).where(~customers.is_scorable(_SCORE.customer_id)))
    return int(result.rowcount)

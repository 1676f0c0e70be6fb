"""Forgetting a customer: the replica, the counters and the scores. Models keep what they have learnt, which is of nobody."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

_FORGET: Final = {
    "score": text("DELETE FROM score WHERE customer_id = :id"),
    "customer_activity": text("DELETE FROM customer_activity WHERE customer_id = :id"),
    "model_training_row": text("DELETE FROM model_training_row WHERE customer_id = :id"),
    "customer": text("DELETE FROM customer WHERE customer_id = :id"),
    "dead_letter": text(
        "DELETE FROM dead_letter WHERE position(CAST(CAST(:text AS text) AS bytea) IN payload) > 0"
    ),
    "outbox_sent": text("DELETE FROM outbox_sent WHERE headers ->> 'ce-subject' = :text"),
}


async def forget(session: AsyncSession, customer_id: UUID, *, now: datetime) -> dict[str, int]:
    """Have nothing of the customer, nor take anything in that comes later; returns how much there was."""
    await subject_keys.destroy(session, [customer_id], now=now)
    given = {"id": customer_id, "text": str(customer_id)}
    done = {name: await _count(session, statement, given) for name, statement in _FORGET.items()}
    return {name: number for name, number in done.items() if number}


async def _count(session: AsyncSession, statement: TextClause, given: dict[str, Any]) -> int:
    result = await session.execute(statement, given)
    assert isinstance(result, CursorResult)
    return result.rowcount

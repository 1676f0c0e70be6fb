"""Forgetting a customer: the replica, the counters and the scores. Models keep what they have learnt, which is of nobody."""

from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import erasure
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FORGET: Final = {
    "score": text("DELETE FROM score WHERE customer_id = :id"),
    "customer_activity": text("DELETE FROM customer_activity WHERE customer_id = :id"),
    "model_training_row": text("DELETE FROM model_training_row WHERE customer_id = :id"),
    "customer": text("DELETE FROM customer WHERE customer_id = :id"),
}


async def forget(session: AsyncSession, customer_id: UUID, *, now: datetime) -> dict[str, int]:
    """Have nothing of the customer, nor take anything in that comes later; returns how much there was."""
    return await erasure.forget(session, customer_id, _FORGET, now=now)

"""Forgetting a customer: the replica, what was sent and said, and what waits."""

from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import erasure
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FORGET: Final = {
    "timer": text("""
        DELETE FROM timer WHERE owner_id IN (
            SELECT message_id FROM message WHERE customer_id = :id
            UNION SELECT task_id FROM care_task WHERE customer_id = :id
        )
    """),
    "message": text("DELETE FROM message WHERE customer_id = :id"),
    "care_task": text("DELETE FROM care_task WHERE customer_id = :id"),
    "suppression": text("DELETE FROM suppression WHERE customer_id = :id"),
    "contact_budget": text("DELETE FROM contact_budget WHERE customer_id = :id"),
    "complaint": text("UPDATE complaint SET customer_id = NULL WHERE customer_id = :id"),
    "audience_member": text("DELETE FROM audience_member WHERE customer_id = :id"),
}


async def forget(session: AsyncSession, customer_id: UUID, *, now: datetime) -> dict[str, int]:
    """Have nothing of the customer, nor take anything in that comes later; returns how much there was."""
    return await erasure.forget(session, customer_id, _FORGET, now=now)

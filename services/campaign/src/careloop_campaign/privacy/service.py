"""Forgetting a customer: the replica, what was sent and said, and what waits."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import CursorResult, TextClause, text
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

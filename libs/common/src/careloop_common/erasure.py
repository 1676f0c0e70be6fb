"""Forgetting a subject in a service that knows of subjects only what it is told.

Each service says what goes from its own tables; its plumbing is the same everywhere.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import subject_keys

_PLUMBING: Final = {
    "dead_letter": text(
        "DELETE FROM dead_letter WHERE position(CAST(CAST(:text AS text) AS bytea) IN payload) > 0"
    ),
    "outbox_sent": text("DELETE FROM outbox_sent WHERE headers ->> 'ce-subject' = :text"),
}


async def forget(
    session: AsyncSession, subject_id: UUID, own: Mapping[str, TextClause], *, now: datetime
) -> dict[str, int]:
    """Have nothing of the subject, nor take anything in that comes later; returns how much there was, by table.

    `own` are statements by the name of their table, in their order; each is given the subject's `:id`, or it as `:text`.
    """
    await subject_keys.destroy(session, [subject_id], now=now)
    given = {"id": subject_id, "text": str(subject_id)}
    done = {name: await _count(session, one, given) for name, one in (*own.items(), *_PLUMBING.items())}
    return {name: number for name, number in done.items() if number}


async def _count(session: AsyncSession, statement: TextClause, given: Mapping[str, Any]) -> int:
    result = await session.execute(statement, given)
    assert isinstance(result, CursorResult)
    return result.rowcount

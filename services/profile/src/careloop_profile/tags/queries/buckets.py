"""What customers did, by the day."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags.policy.activity import Bucket

_FOLD: Final = text("""
    WITH taken AS (
        DELETE FROM interaction_news WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM interaction_news LIMIT :limit FOR UPDATE SKIP LOCKED
        )) RETURNING *
    ), counted AS (
        INSERT INTO metric_bucket AS known (customer_id, day, channel, kind, count, amount, last_at)
        SELECT customer_id, CAST(occurred_at AT TIME ZONE 'UTC' AS date), channel, kind, count(*),
               coalesce(sum(amount), 0), max(occurred_at)
        FROM taken GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (customer_id, day, channel, kind) DO UPDATE SET
            count = known.count + excluded.count, amount = known.amount + excluded.amount,
            last_at = greatest(known.last_at, excluded.last_at)
    )
    SELECT customer_id, count(*) FROM taken GROUP BY customer_id
""")
# One row for each customer, for a row costs more to read than what is in it.
_OF: Final = text("""
    SELECT customer_id, array_agg(day), array_agg(channel), array_agg(kind), array_agg(count), array_agg(amount),
           array_agg(last_at)
    FROM metric_bucket WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND day >= :since GROUP BY customer_id
""")
_EVER: Final = text("""
    SELECT customer_id, min(first_at), max(last_at), array_agg(channel)
    FROM customer_activity WHERE customer_id = ANY(CAST(:ids AS uuid[])) GROUP BY customer_id
""")
_FORGET: Final = text("""
    DELETE FROM metric_bucket WHERE ctid = ANY(ARRAY(SELECT ctid FROM metric_bucket WHERE day < :until LIMIT :limit))
""")
Ever = tuple[datetime, datetime, list[str]]
"""When a customer was seen first and last, and by which channels."""


async def fold(session: AsyncSession, limit: int) -> dict[UUID, int]:
    """Count what was stored since; returns of whom there was how much."""
    return {row[0]: row[1] for row in await session.execute(_FOLD, {"limit": limit})}


async def of(session: AsyncSession, customers: Collection[UUID], since: datetime) -> dict[UUID, list[Bucket]]:
    """The counts of these customers from a day on."""
    asked = {"ids": list(customers), "since": since.astimezone(UTC).date()}
    return {customer: list(map(Bucket, *columns)) for customer, *columns in await session.execute(_OF, asked)}


async def ever(session: AsyncSession, customers: Collection[UUID]) -> dict[UUID, Ever]:
    """Since and until when these customers have been seen."""
    rows = await session.execute(_EVER, {"ids": list(customers)})
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def forget(session: AsyncSession, until: datetime, limit: int) -> int:
    """Delete counts of days before; returns how many."""
    done = await session.execute(_FORGET, {"until": until.date(), "limit": limit})
    return int(done.rowcount)  # type: ignore[attr-defined]


def joined(parts: Sequence[Ever]) -> Ever | None:
    """The same of several customers who are one person."""
    if not parts:
        return None
    channels = sorted({channel for _, _, some in parts for channel in some})
    return min(first for first, _, _ in parts), max(last for _, last, _ in parts), channels

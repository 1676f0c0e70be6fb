"""What customers did, by the day."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags.policy.activity import Sum
from careloop_profile.tags.policy.vocabulary import WINDOWS


def _windows(column: str) -> str:
    """The sum of a column over each window."""
    return ", ".join(
        f"coalesce(sum({column}) FILTER (WHERE day > CAST(:today AS date) - {length}), 0)"
        for length in WINDOWS.values()
    )


_FOLD: Final = text("""
    WITH first AS MATERIALIZED (
        SELECT customer_id FROM interaction_news LIMIT :limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        DELETE FROM interaction_news WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM interaction_news WHERE customer_id IN (SELECT customer_id FROM first)
            LIMIT :most FOR UPDATE SKIP LOCKED
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
# A row for each channel and kind of a customer, and the days in one row: a row costs more to read than what is in it.
_SUMS: Final = text(f"""
    SELECT customer_id, channel, kind,
        ARRAY[{_windows("count")}], ARRAY[{_windows("amount")}], max(last_at)
    FROM metric_bucket WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND day >= :since
    GROUP BY customer_id, channel, kind
""")  # noqa: S608
_DAYS: Final = text("""
    SELECT customer_id, array_agg(DISTINCT day) FROM metric_bucket
    WHERE customer_id = ANY(CAST(:ids AS uuid[])) AND day > CAST(:today AS date) - CAST(:longest AS int) GROUP BY customer_id
""")
_EVER: Final = text("""
    SELECT customer_id, min(first_at), max(last_at), array_agg(channel)
    FROM customer_activity WHERE customer_id = ANY(CAST(:ids AS uuid[])) GROUP BY customer_id
""")
_FORGET: Final = text("""
    DELETE FROM metric_bucket WHERE ctid = ANY(ARRAY(SELECT ctid FROM metric_bucket WHERE day < :until LIMIT :limit))
""")
_MOST: Final = 20
"""Times the interactions that are wanted, of busy customers."""
Ever = tuple[datetime, datetime, list[str]]
"""When a customer was seen first and last, and by which channels."""


async def fold(session: AsyncSession, limit: int) -> dict[UUID, int]:
    """Count what was stored since, so much of it and what else there is of the same customers; returns of whom there was
    how much."""
    given = {"limit": limit, "most": _MOST * limit}
    return {row[0]: row[1] for row in await session.execute(_FOLD, given)}


async def sums(
    session: AsyncSession, customers: Collection[UUID], since: datetime, today: date
) -> dict[UUID, list[Sum]]:
    """What these customers did in the windows that end with `today`, by channel and kind, as far back as `since`."""
    asked = {"ids": list(customers), "since": since.astimezone(UTC).date(), "today": today}
    found: dict[UUID, list[Sum]] = {}
    for customer, *columns in await session.execute(_SUMS, asked):
        found.setdefault(customer, []).append(Sum(*columns))
    return found


async def days(session: AsyncSession, customers: Collection[UUID], today: date) -> dict[UUID, list[date]]:
    """On which days of the longest window these customers did something."""
    asked = {"ids": list(customers), "today": today, "longest": max(WINDOWS.values())}
    return {row[0]: row[1] for row in await session.execute(_DAYS, asked)}


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

"""Counts over all customers of each source. One pass over two tables: for reports, not for every page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FILLED = text("""
    SELECT source, count(*) AS customers, count(name_sealed) AS name, count(birth_date_sealed) AS birth_date,
           count(address_sealed) AS address, count(region) AS region, count(language) AS language,
           count(joined_on) AS joined_on
    FROM customer GROUP BY source ORDER BY source
""")
_IDENTIFIERS = text("""
    WITH held AS (
        SELECT customer.source, identifier.kind, identifier.blind_index, count(*) AS customers
        FROM identifier JOIN customer ON customer.id = identifier.customer_id
        GROUP BY customer.source, identifier.kind, identifier.blind_index
    )
    SELECT source, kind, sum(customers)::bigint AS filled, count(*) AS different,
           coalesce(sum(customers) FILTER (WHERE customers > 1), 0)::bigint AS sharing
    FROM held GROUP BY source, kind
""")
_DUPLICATES = text("""
    SELECT customer.source, count(*) - count(DISTINCT person_member.person_id) AS duplicates
    FROM person_member JOIN customer ON customer.id = person_member.customer_id GROUP BY customer.source
""")


async def filled(session: AsyncSession) -> Sequence[Any]:
    """Per source its customers, and how many of them have which fact."""
    return (await session.execute(_FILLED)).all()


async def identifiers(session: AsyncSession) -> dict[tuple[str, str], Any]:
    """Per source and kind of identifier who has one, how many different ones, and who shares one."""
    return {(row.source, row.kind): row for row in await session.execute(_IDENTIFIERS)}


async def duplicates(session: AsyncSession) -> dict[str, int]:
    """Customers of a source who are the same person as another of it."""
    return {row.source: row.duplicates for row in await session.execute(_DUPLICATES)}

"""Histories lose what is older than it may be, but for what explains what holds: today, and when the time that is kept begins.

When a change has become too old, those before it of the same tag (stage, tier) of the same person go, as it says what came of
them. So each is passed once, in the order of their numbers, and the last of each stays.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.privacy.models import EdgeRow

ABOUT: Final = {"tag_history": "code", "lifecycle_move": "kind"}


def _passing(table: str, about: str) -> TextClause:
    # Who is locked is being erased.
    return text(f"""
        WITH next AS (
            SELECT number, person_id, {about}, at FROM {table} WHERE number > :after ORDER BY number LIMIT :limit
        ), young AS (
            SELECT min(number) AS number FROM next WHERE at >= CAST(:before AS timestamptz)
        ), passed AS (
            SELECT next.* FROM next, young WHERE young.number IS NULL OR next.number < young.number
        ), latest AS (
            SELECT person_id, {about}, max(number) AS number FROM passed GROUP BY person_id, {about}
        ), gone AS (
            DELETE FROM {table} WHERE number = ANY(ARRAY(
                SELECT old.number FROM {table} AS old JOIN latest USING (person_id, {about})
                WHERE old.number < latest.number FOR UPDATE OF old SKIP LOCKED
            )) RETURNING number
        )
        SELECT max(number) AS last, count(*) AS passed, (SELECT count(*) FROM gone) AS gone FROM passed
    """)  # noqa: S608  (the names are constants of this module)


_PASS: Final[Mapping[str, TextClause]] = MappingProxyType(
    {table: _passing(table, about) for table, about in ABOUT.items()}
)
HISTORIES: Final = tuple(_PASS)


async def trim(session: AsyncSession, table: str, *, before: datetime, limit: int) -> tuple[int, bool]:
    """Pass the next changes of a history that were made before this; returns how many went by it, and whether there may be
    more to pass."""
    edge = await session.get(EdgeRow, table, with_for_update=True)
    if edge is None:
        edge = EdgeRow(name=table, number=0)
        session.add(edge)
    given = {"after": edge.number, "before": before, "limit": limit}
    row = (await session.execute(_PASS[table], given)).one()
    if row.passed:
        edge.number = row.last
    return row.gone, row.passed == limit

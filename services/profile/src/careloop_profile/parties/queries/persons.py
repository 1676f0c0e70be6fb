from collections.abc import Collection
from typing import Final
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# As text, for the ids of thousands are one parameter then, which nothing looks through on the way.
_SEALED: Final = text("""
    SELECT coalesce(person_member.person_id, customer.id), customer.id, name_sealed, birth_date_sealed
    FROM (
        SELECT customer_id FROM unnest(CAST(:ids AS uuid[])) AS customer_id
        UNION
        SELECT kin.customer_id FROM person_member AS mine JOIN person_member AS kin USING (person_id)
        WHERE mine.customer_id = ANY(CAST(:ids AS uuid[]))
    ) AS wanted
    JOIN customer ON customer.id = wanted.customer_id
    LEFT JOIN person_member ON person_member.customer_id = customer.id
    ORDER BY customer.created_at, customer.id
""")


async def sealed(
    session: AsyncSession, ids: Collection[UUID]
) -> list[tuple[UUID, UUID, str | None, str | None]]:
    """Of the persons of these customers each with its customers, their names and birth dates; the oldest first. Their
    keys are at hand then."""
    found = (await session.execute(_SEALED, {"ids": list(ids)})).all()
    await subject_keys.load(session, [row[1] for row in found])
    return [(row[0], row[1], row[2], row[3]) for row in found]

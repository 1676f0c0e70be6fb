from collections.abc import Mapping

from careloop_common import records
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.collection.policy import Saying, Trait

_COLUMNS = {"customer_id": "uuid", "name": "text", "at": "bigint", "message_uid": "uuid"}
_CLAIM = text(f"""
    INSERT INTO customer_trait AS known (customer_id, name, occurred_at, message_uid)
    SELECT customer_id, name, timestamptz 'epoch' + at * interval '1 microsecond', message_uid
    FROM {records.given(_COLUMNS)} ORDER BY customer_id, name
    ON CONFLICT (customer_id, name) DO UPDATE SET
        occurred_at = excluded.occurred_at, message_uid = excluded.message_uid
    WHERE (known.occurred_at, known.message_uid) < (excluded.occurred_at, excluded.message_uid)
    RETURNING customer_id, name
""")  # noqa: S608  (put together from the constants above)


async def claim(session: AsyncSession, sayings: Mapping[Trait, Saying]) -> list[Trait]:
    """The traits about which nobody has had a later word; from now on the given ones count."""
    rows = [(*trait, saying.at, saying.uid) for trait, saying in sayings.items()]
    found = await session.execute(_CLAIM, {"rows": records.encode(_COLUMNS, rows)})
    return [Trait(*row) for row in found]

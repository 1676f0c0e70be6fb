"""Going through everybody who was there before: once, in the order of their ids."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.tags.models import WalkRow
from careloop_profile.tags.queries import definitions
from careloop_profile.tags.service.evaluating import FIRST_LOOK, Evaluator, Parts

STRETCH: Final = 200


async def walk(
    session: AsyncSession,
    evaluator: Evaluator,
    occasion: str = FIRST_LOOK,
    *,
    now: datetime,
    limit: int = STRETCH,
) -> bool:
    """Look at the next of all customers, once on each occasion; whether there may be more. Who comes meanwhile is looked
    at anyway."""
    if not await definitions.live(session):
        return False
    row = await definitions.walk(session, occasion)
    if row is None:
        row = WalkRow(name=occasion, started_at=now)
        session.add(row)
    if row.done_at is not None:
        return False
    following = await definitions.customers_after(session, row.cursor, limit)
    if following:
        # Who was looked at before is known well enough; it is only asked again what follows from it.
        await evaluator.look(
            session,
            set(following),
            Parts.NONE,
            {"kind": occasion if occasion == FIRST_LOOK else "lifecycle"},
            now=now,
        )
        row.cursor = following[-1]
    row.done_at = None if len(following) == limit else now
    return row.done_at is None

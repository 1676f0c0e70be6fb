from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.dispatch.policy.choosing import Floor
from careloop_ticketing.staff import service as staff
from careloop_ticketing.tickets.service import line


async def floor_of(session: AsyncSession, *, now: datetime, ids: Collection[str] | None = None) -> Floor:
    """Who is active, or those of these ids, with what each of them has in hand at this instant."""
    people = await staff.roster(session, now=now, ids=ids)
    return Floor(people.values(), await line.loads(session, people), now)

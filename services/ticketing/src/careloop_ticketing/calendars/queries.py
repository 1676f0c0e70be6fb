from collections.abc import Sequence

from careloop_common import keyset
from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.calendars.models import CalendarRow, CalendarVersionRow


async def current_version(session: AsyncSession, code: str, *, lock: bool = False) -> int | None:
    wanted = select(col(CalendarRow.version)).where(col(CalendarRow.code) == code)
    if lock:
        wanted = wanted.with_for_update()
    return (await session.execute(wanted)).scalar_one_or_none()


async def active_versions(session: AsyncSession) -> dict[str, int]:
    found = await session.execute(select(col(CalendarRow.code), col(CalendarRow.version)))
    return dict(found.all())


async def next_version(session: AsyncSession, code: str) -> int:
    """Number a new version, which is the active one from then on; who publishes the same calendar beside us waits."""
    first = insert(CalendarRow).values(code=code, version=1)
    counted = first.on_conflict_do_update(
        index_elements=["code"], set_={"version": col(CalendarRow.version) + 1}
    ).returning(col(CalendarRow.version))
    return (await session.execute(counted)).scalar_one()


async def active(session: AsyncSession, *, after: str | None, limit: int) -> Sequence[CalendarVersionRow]:
    """The active version of every calendar, by code."""
    same = and_(
        col(CalendarVersionRow.code) == col(CalendarRow.code),
        col(CalendarVersionRow.version) == col(CalendarRow.version),
    )
    found = select(CalendarVersionRow).join(CalendarRow, same)
    by_code = keyset.forward(found, col(CalendarVersionRow.code), after=after, limit=limit)
    return (await session.scalars(by_code)).all()

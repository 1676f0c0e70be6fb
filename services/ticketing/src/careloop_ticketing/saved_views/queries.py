from collections.abc import Sequence

from careloop_common import keyset
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.saved_views.models import EVERYBODY, SavedViewRow


async def called(session: AsyncSession, code: str, owner_id: str) -> SavedViewRow | None:
    """The owner's view of this code or, failing that, everybody's."""
    return (await session.scalars(_called(code, owner_id))).first()


async def lock_called(session: AsyncSession, code: str, owner_id: str) -> SavedViewRow | None:
    """The same, for this transaction alone, as it is then."""
    fresh = _called(code, owner_id).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(fresh)).first()


def _called(code: str, owner_id: str) -> Select[SavedViewRow]:
    wanted = select(SavedViewRow).where(
        col(SavedViewRow.code) == code, col(SavedViewRow.owner_id).in_((owner_id, EVERYBODY))
    )
    return wanted.order_by(col(SavedViewRow.owner_id).desc()).limit(1)


async def visible(
    session: AsyncSession, owner_id: str, *, after: tuple[str, str] | None, limit: int
) -> Sequence[SavedViewRow]:
    """What the owner has and what everybody has, by code."""
    wanted = select(SavedViewRow).where(col(SavedViewRow.owner_id).in_((owner_id, EVERYBODY)))
    place = col(SavedViewRow.code), col(SavedViewRow.owner_id)
    return (await session.scalars(keyset.forward(wanted, *place, after=after, limit=limit))).all()


async def count(session: AsyncSession, owner_id: str) -> int:
    theirs = select(func.count()).where(col(SavedViewRow.owner_id) == owner_id)
    return (await session.execute(theirs)).scalar_one()

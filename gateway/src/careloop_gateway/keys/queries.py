from collections.abc import Collection, Sequence
from datetime import datetime

from careloop_common import keyset
from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_gateway.keys.models import ApiKeyRow

_KEY = ApiKeyRow.__table__.c  # type: ignore[attr-defined]


async def newest(
    session: AsyncSession, *, before: tuple[datetime, str] | None, limit: int
) -> Sequence[ApiKeyRow]:
    statement = keyset.backward(select(ApiKeyRow), _KEY.created_at, _KEY.id, before=before, limit=limit)
    return (await session.execute(statement)).scalars().all()


async def lock(session: AsyncSession, key_id: str) -> ApiKeyRow | None:
    return await session.get(ApiKeyRow, key_id, with_for_update=True)


async def changed_within(session: AsyncSession, seconds: int) -> Sequence[ApiKeyRow]:
    since = func.clock_timestamp() - text(f"interval '{seconds} seconds'")
    return (await session.execute(select(ApiKeyRow).where(_KEY.changed_at > since))).scalars().all()


async def touch(session: AsyncSession, key_ids: Collection[str]) -> None:
    a_minute_ago = func.now() - text("interval '1 minute'")
    await session.execute(
        update(ApiKeyRow)
        .where(
            _KEY.id.in_(sorted(key_ids)), or_(_KEY.last_used_at.is_(None), _KEY.last_used_at < a_minute_ago)
        )
        .values(last_used_at=func.now())
    )

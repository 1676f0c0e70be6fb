from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import keyset, subject_keys
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_campaign.care.errors import CareTaskNotFound
from careloop_campaign.care.models import CareTask


async def get(session: AsyncSession, task_id: UUID) -> CareTask:
    task = await session.get(CareTask, task_id)
    if task is None:
        raise CareTaskNotFound(f"There is no care task {task_id}.")
    await subject_keys.load(session, [task.customer_id])
    return task


async def lock(session: AsyncSession, task_id: UUID) -> CareTask | None:
    task = await session.get(CareTask, task_id, with_for_update=True)
    await subject_keys.load(session, [task.customer_id] if task else [])
    return task


async def last_completed(
    session: AsyncSession, customer_ids: Collection[UUID], reason: str
) -> dict[UUID, datetime]:
    """When these customers' latest tasks of a reason were completed."""
    rows = await session.execute(
        select(CareTask.customer_id, func.max(CareTask.completed_at))
        .where(
            col(CareTask.customer_id).in_(customer_ids),
            col(CareTask.reason) == reason,
            col(CareTask.completed_at).is_not(None),
        )
        .group_by(col(CareTask.customer_id))
    )
    return {customer_id: at for customer_id, at in rows if at is not None}


async def newest(
    session: AsyncSession,
    filters: dict[str, Any],
    *,
    overdue: bool | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[CareTask]:
    where = [col(getattr(CareTask, name)) == value for name, value in filters.items() if value is not None]
    if overdue is not None:
        ran_out = col(CareTask.overdue_at)
        where.append(ran_out.is_not(None) if overdue else ran_out.is_(None))
    place = col(CareTask.opened_at), col(CareTask.task_id)
    found = keyset.backward(select(CareTask).where(*where), *place, before=before, limit=limit)
    rows = (await session.scalars(found)).all()
    await subject_keys.load(session, {row.customer_id for row in rows})
    return rows

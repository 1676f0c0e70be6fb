from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ColumnElement, func, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import State

Slot = tuple[datetime, int, UUID]
"""When a slot was taken, by a message of which rank, and by which one."""


async def lock_planned(session: AsyncSession, limit: int) -> Sequence[Message]:
    """The most urgent planned messages; those that another sender holds are its business."""
    return await _claim(session, limit, col(Message.state) == State.PLANNED)


_WANTING_KEYS = text("""
    SELECT DISTINCT customer_id FROM (
        SELECT customer_id FROM message WHERE state = :state AND channel = ANY(:channels)
        ORDER BY rank, planned_at LIMIT :limit
    ) AS next JOIN audience_member AS member USING (customer_id)
    WHERE concat_ws(' ', member.name, member.phone, member.email) LIKE '%v2.%'
      AND NOT EXISTS (SELECT FROM subject_key WHERE subject_id = customer_id)
""")


async def lock_reserved(session: AsyncSession, channels: Collection[str], limit: int) -> Sequence[Message]:
    return await _claim(
        session, limit, col(Message.state) == State.RESERVED, col(Message.channel).in_(channels)
    )


async def wanting_keys(session: AsyncSession, channels: Collection[str], limit: int) -> set[UUID]:
    """Of the customers to whom the next messages go, those whose keys are needed and not here."""
    given = {"state": State.RESERVED, "channels": list(channels), "limit": limit}
    return set(await session.scalars(_WANTING_KEYS, given))


async def _claim(session: AsyncSession, limit: int, *where: ColumnElement[bool]) -> Sequence[Message]:
    found = await session.scalars(
        select(Message)
        .where(*where)
        .order_by(col(Message.rank), col(Message.planned_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def lock_leases_expired(session: AsyncSession, now: datetime, limit: int) -> Sequence[Message]:
    found = await session.scalars(
        select(Message)
        .where(col(Message.state) == State.SUBMITTING, col(Message.lease_until) < now)
        .order_by(col(Message.lease_until))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()


async def lock(session: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Message]:
    """The messages with these (customer, message) keys, in one order for everybody."""
    found = await session.scalars(
        select(Message)
        .where(tuple_(col(Message.customer_id), col(Message.message_id)).in_(keys))
        .order_by(col(Message.customer_id), col(Message.message_id))
        .with_for_update()
    )
    return found.all()


async def slots(
    session: AsyncSession, customer_ids: Collection[UUID], now: datetime, window: timedelta
) -> dict[UUID, list[Slot]]:
    """The contact slots that these people's messages hold within the longest window."""
    rows = await session.execute(
        select(Message.customer_id, Message.slot_at, Message.rank, Message.message_id).where(
            col(Message.customer_id).in_(customer_ids), col(Message.slot_at) > now - window
        )
    )
    taken: dict[UUID, list[Slot]] = {}
    for customer_id, slot_at, rank, message_id in rows:
        if slot_at is not None:
            taken.setdefault(customer_id, []).append((slot_at, rank, message_id))
    return taken


async def newest(
    session: AsyncSession, filters: dict[str, Any], *, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Message]:
    where = [col(getattr(Message, name)) == value for name, value in filters.items() if value is not None]
    place = col(Message.planned_at), col(Message.message_id)
    found = keyset.backward(select(Message).where(*where), *place, before=before, limit=limit)
    return (await session.scalars(found)).all()


async def counts(session: AsyncSession, since: datetime | None) -> Sequence[tuple[str, str, str | None, int]]:
    """How many messages of each purpose are in each state, and for which reason."""
    where = [] if since is None else [col(Message.planned_at) >= since]
    rows = await session.execute(
        select(Message.purpose, Message.state, Message.reason, func.count())
        .where(*where)
        .group_by(col(Message.purpose), col(Message.state), col(Message.reason))
    )
    return [(purpose, state, reason, number) for purpose, state, reason, number in rows]

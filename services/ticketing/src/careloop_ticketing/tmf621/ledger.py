"""The ledger of notifications."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.tmf621.models import ChangeRow, DeliveryRow, SubscriptionRow
from careloop_ticketing.tmf621.policy.notifying import DeliveryState


async def delivery_counts(
    session: AsyncSession, subscription_id: UUID
) -> tuple[Mapping[DeliveryState, int], str | None]:
    """How many notifications of a subscription are in which state, and why the last one failed."""
    theirs = col(DeliveryRow.subscription_id) == subscription_id
    counts = select(col(DeliveryRow.state), func.count()).where(theirs).group_by(col(DeliveryRow.state))
    failed = select(col(DeliveryRow.error)).where(theirs, col(DeliveryRow.error).is_not(None))
    newest = failed.order_by(col(DeliveryRow.id).desc()).limit(1)
    found = dict((await session.execute(counts)).all())
    return found, (await session.execute(newest)).scalar_one_or_none()


async def forget_deliveries(session: AsyncSession, subscription_id: UUID) -> None:
    await session.execute(delete(DeliveryRow).where(col(DeliveryRow.subscription_id) == subscription_id))


async def subscriptions(session: AsyncSession) -> Sequence[SubscriptionRow]:
    """All of them, kept from vanishing while notifications are written for them."""
    held = select(SubscriptionRow).order_by(col(SubscriptionRow.id)).with_for_update(key_share=True)
    return (await session.scalars(held)).all()


async def next_changes(session: AsyncSession, *, limit: int) -> Sequence[ChangeRow]:
    """The oldest changes. Those of one ticket are numbered in their order: each was made under the ticket's lock."""
    oldest = select(ChangeRow).order_by(col(ChangeRow.id)).limit(limit)
    return (await session.scalars(oldest.with_for_update(skip_locked=True))).all()


async def forget_changes(session: AsyncSession, change_ids: Collection[int | None]) -> None:
    await session.execute(delete(ChangeRow).where(col(ChangeRow.id).in_(change_ids)))


async def due_deliveries(
    session: AsyncSession, *, now: datetime, limit: int
) -> Sequence[tuple[DeliveryRow, SubscriptionRow]]:
    """What may be sent now: of each ticket and subscriber only the first, so that none overtakes another."""
    waiting = (
        select(col(DeliveryRow.id), col(DeliveryRow.next_at))
        .where(col(DeliveryRow.state) == DeliveryState.WAITING)
        .ext(distinct_on(col(DeliveryRow.subscription_id), col(DeliveryRow.ticket_id)))
        .order_by(col(DeliveryRow.subscription_id), col(DeliveryRow.ticket_id), col(DeliveryRow.id))
        .subquery()
    )
    due = select(waiting.c.id).where(waiting.c.next_at <= now).order_by(waiting.c.next_at).limit(limit)
    found = (
        select(DeliveryRow, SubscriptionRow)
        .join(SubscriptionRow, col(SubscriptionRow.id) == col(DeliveryRow.subscription_id))
        .where(col(DeliveryRow.id).in_(due))
    )
    return [(delivery, subscription) for delivery, subscription in (await session.execute(found)).all()]


async def forget_ended(session: AsyncSession, *, delivered: datetime, given_up: datetime) -> None:
    """Delete what was delivered, or given up, before then."""
    for state, before in ((DeliveryState.DELIVERED, delivered), (DeliveryState.GIVEN_UP, given_up)):
        ended = col(DeliveryRow.state) == state, col(DeliveryRow.ended_at) < before
        await session.execute(delete(DeliveryRow).where(*ended))

"""The ledger of notifications."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import (
    ColumnElement,
    Update,
    Uuid,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    update,
    values,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.database import word
from careloop_ticketing.tmf621.models import ChangeRow, DeliveryRow, NotificationRow, SubscriptionRow
from careloop_ticketing.tmf621.policy.notifying import GIVE_UP_AFTER, DeliveryState


def _waits(delivery: type[DeliveryRow]) -> ColumnElement[bool]:
    """As a word in the statement: with a parameter in its place no plan that is kept can use the indexes of these rows."""
    waiting = bindparam(None, DeliveryState.WAITING, type_=word(DeliveryState), literal_execute=True)
    return col(delivery.state) == waiting


async def last_error(session: AsyncSession, subscription_id: UUID) -> str | None:
    """Why the last notification that failed did so."""
    theirs = col(DeliveryRow.subscription_id) == subscription_id
    failed = select(col(DeliveryRow.error)).where(theirs, col(DeliveryRow.error).is_not(None))
    return (await session.execute(failed.order_by(col(DeliveryRow.id).desc()).limit(1))).scalar_one_or_none()


async def made_by(session: AsyncSession, owner: str) -> int:
    """How many subscriptions somebody has."""
    theirs = select(func.count()).where(col(SubscriptionRow.created_by) == owner)
    return (await session.execute(theirs)).scalar_one()


async def newest_subscriptions(
    session: AsyncSession, *, before: UUID | None, limit: int
) -> Sequence[SubscriptionRow]:
    rows = keyset.backward(select(SubscriptionRow), col(SubscriptionRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def forget_deliveries(session: AsyncSession, subscription_id: UUID) -> None:
    await session.execute(delete(DeliveryRow).where(col(DeliveryRow.subscription_id) == subscription_id))


async def subscriptions(session: AsyncSession) -> Sequence[SubscriptionRow]:
    """All of them, kept from vanishing while notifications are written for them."""
    held = (
        select(SubscriptionRow).order_by(col(SubscriptionRow.id)).with_for_update(read=True, key_share=True)
    )
    return (await session.scalars(held)).all()


async def next_changes(session: AsyncSession, *, limit: int) -> Sequence[ChangeRow]:
    """The oldest changes. Those of one ticket are numbered in their order: each was made under the ticket's lock."""
    oldest = select(ChangeRow).order_by(col(ChangeRow.id)).limit(limit)
    return (await session.scalars(oldest.with_for_update(skip_locked=True))).all()


async def forget_changes(session: AsyncSession, change_ids: Collection[int | None]) -> None:
    await session.execute(delete(ChangeRow).where(col(ChangeRow.id).in_(change_ids)))


async def write_deliveries(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]], *, now: datetime, give_up_at: datetime
) -> None:
    """Notifications for their subscribers, in this order."""
    new = {
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "next_at": now,
        "created_at": now,
        "give_up_at": give_up_at,
    }
    if rows:
        await session.execute(insert(DeliveryRow), [{**new, **row} for row in rows])


async def marking(
    session: AsyncSession, subscription_ids: Collection[UUID], delivery_ids: Collection[int]
) -> tuple[Mapping[UUID, SubscriptionRow], Mapping[int | None, DeliveryRow]]:
    """These subscriptions and notifications, for this transaction alone, as far as they have not vanished meanwhile."""
    theirs = select(SubscriptionRow).where(col(SubscriptionRow.id).in_(subscription_ids))
    locked = theirs.order_by(col(SubscriptionRow.id)).with_for_update(key_share=True)
    subscriptions = {one.id: one for one in await session.scalars(locked)}
    sent = select(DeliveryRow).where(col(DeliveryRow.id).in_(delivery_ids)).order_by(col(DeliveryRow.id))
    return subscriptions, {one.id: one for one in await session.scalars(sent.with_for_update())}


async def lanes(session: AsyncSession) -> Sequence[SubscriptionRow]:
    """The subscribers to whom something may be sent, as they do now."""
    enabled = select(SubscriptionRow).where(col(SubscriptionRow.disabled_at).is_(None))
    return (await session.scalars(enabled.execution_options(populate_existing=True))).all()


async def claim(
    session: AsyncSession, subscription_ids: Collection[UUID], *, each: int, now: datetime, until: datetime
) -> Sequence[tuple[DeliveryRow, NotificationRow]]:
    """What may be sent now, for each subscriber so many, and is nobody else's until then.

    Of each ticket and subscriber it is only the first, so that none overtakes another.
    """
    wanted = values(column("id", Uuid), name="wanted").data([(one,) for one in subscription_ids])
    earlier = aliased(DeliveryRow)
    overtakes = exists().where(
        col(earlier.subscription_id) == col(DeliveryRow.subscription_id),
        col(earlier.ticket_id) == col(DeliveryRow.ticket_id),
        _waits(earlier),
        col(earlier.id) < col(DeliveryRow.id),
    )
    waiting = _waits(DeliveryRow)
    due = (
        select(col(DeliveryRow.id))
        .where(col(DeliveryRow.subscription_id) == wanted.c.id, waiting)
        .where(col(DeliveryRow.next_at) <= now, ~overtakes)
        .order_by(col(DeliveryRow.id))
        .limit(each)
        .lateral("due")
    )
    chosen = select(due.c.id).select_from(wanted.join(due, true()))
    mine = update(DeliveryRow).where(
        col(DeliveryRow.id).in_(chosen), waiting, col(DeliveryRow.next_at) <= now
    )
    taken = mine.values(next_at=until).returning(col(DeliveryRow.id))
    ids = (await session.scalars(taken.execution_options(synchronize_session=False))).all()
    found = (
        select(DeliveryRow, NotificationRow)
        .join(NotificationRow, col(NotificationRow.id) == col(DeliveryRow.notification_id))
        .where(col(DeliveryRow.id).in_(ids))
        .order_by(col(DeliveryRow.id))
    )
    return [(delivery, told) for delivery, told in (await session.execute(found)).all()]


async def let_go(session: AsyncSession, delivery_ids: Collection[int | None], *, now: datetime) -> None:
    """What was claimed and not marked may be claimed again."""
    held = col(DeliveryRow.id).in_(delivery_ids), _waits(DeliveryRow)
    await session.execute(update(DeliveryRow).where(*held).values(next_at=now))


async def give_up(session: AsyncSession, *, now: datetime) -> int:
    """End what has waited too long; returns how many those were. One that is delivered meanwhile is delivered."""
    late = _waits(DeliveryRow), col(DeliveryRow.give_up_at) <= now
    why = func.coalesce(col(DeliveryRow.error), "never sent")
    ended = update(DeliveryRow).where(*late).values(state=DeliveryState.GIVEN_UP, ended_at=now, error=why)
    return await _touched(session, ended)


async def _touched(session: AsyncSession, change: Update) -> int:
    done = change.returning(col(DeliveryRow.id)).execution_options(synchronize_session=False)
    return len((await session.scalars(done)).all())


async def send_again(
    session: AsyncSession,
    subscription_id: UUID,
    begin: datetime,
    end: datetime,
    *,
    now: datetime,
    give_up_at: datetime,
    limit: int,
) -> int:
    """Let wait anew what was given up, of the changes of this span the oldest; returns how many those are."""
    theirs = col(DeliveryRow.subscription_id) == subscription_id
    span = col(DeliveryRow.created_at) >= begin, col(DeliveryRow.created_at) < end
    chosen = select(col(DeliveryRow.id)).where(
        theirs, col(DeliveryRow.state) == DeliveryState.GIVEN_UP, *span
    )
    oldest = chosen.order_by(col(DeliveryRow.id)).limit(limit).with_for_update()
    again = {"state": DeliveryState.WAITING, "attempts": 0, "next_at": now, "give_up_at": give_up_at}
    change = update(DeliveryRow).where(col(DeliveryRow.id).in_(oldest)).values(ended_at=None, **again)
    return await _touched(session, change)


async def forget_ended(session: AsyncSession, *, delivered: datetime, given_up: datetime) -> None:
    """Delete what was delivered, or given up, before then, and what nobody is to be told any more."""
    for state, before in ((DeliveryState.DELIVERED, delivered), (DeliveryState.GIVEN_UP, given_up)):
        ended = col(DeliveryRow.state) == state, col(DeliveryRow.ended_at) < before
        await session.execute(delete(DeliveryRow).where(*ended))
    needed = exists().where(col(DeliveryRow.notification_id) == col(NotificationRow.id))
    await session.execute(delete(NotificationRow).where(~needed))


async def backlog(session: AsyncSession) -> tuple[int, datetime | None]:
    """How many notifications wait, and since when the oldest does."""
    waiting = _waits(DeliveryRow)
    found = select(func.count(), func.min(col(DeliveryRow.give_up_at))).where(waiting)
    count, first_end = (await session.execute(found)).one()
    return count, first_end - GIVE_UP_AFTER if count else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the notifications of a subscription are."""

    counts: Mapping[DeliveryState, int]
    oldest: datetime | None
    """Since when the oldest that waits does so."""


async def standings(session: AsyncSession, subscription_ids: Collection[UUID]) -> Mapping[UUID, Standing]:
    theirs = col(DeliveryRow.subscription_id)
    by = select(theirs, col(DeliveryRow.state), func.count(), func.min(col(DeliveryRow.give_up_at)))
    found = by.where(theirs.in_(subscription_ids)).group_by(theirs, col(DeliveryRow.state))
    counts: dict[UUID, dict[DeliveryState, int]] = {one: {} for one in subscription_ids}
    oldest: dict[UUID, datetime] = {}
    for one, state, count, first_end in (await session.execute(found)).all():
        counts[one][state] = count
        if state is DeliveryState.WAITING:
            oldest[one] = first_end - GIVE_UP_AFTER
    return {one: Standing(counts[one], oldest.get(one)) for one in subscription_ids}

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from careloop_common.plumbing import dead_letter
from sqlalchemy import (
    CompoundSelect,
    CursorResult,
    Integer,
    Table,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.customers.queries import among_ids
from careloop_profile.interactions.models import NEWS, ActivityRow, ArchiveRow, InteractionRow, LetterRow


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


INTERACTION, ACTIVITY, LETTER = _table(InteractionRow), _table(ActivityRow), _table(LetterRow)
CONSUMERS = ("interactions", "apply-traits")
"""The worker's readers of what came in at the door."""
_SHOWN = (
    *("id", "form", "source", "reason", "detail", "size", "times", "attempts"),
    *("received_at", "tried_at", "replayed_at", "replayed_by"),
)

_SUMMED: Final = ("interactions", "payments", "amount", "complaints")
_PAID: Final = NEWS.c.kind == "payment"
_SEEN: Final = union_all(
    select(ACTIVITY),
    select(
        NEWS.c.customer_id,
        NEWS.c.channel,
        literal(1),
        cast(_PAID, Integer),
        cast(case((_PAID, func.coalesce(NEWS.c.amount, 0)), else_=0), ACTIVITY.c.amount.type),
        cast(NEWS.c.kind == "complaint", Integer),
        NEWS.c.occurred_at,
        NEWS.c.occurred_at,
    ).where(~NEWS.c.in_activity),
).subquery()
_ACTIVITY: Final = (
    select(
        _SEEN.c.channel,
        *(func.sum(_SEEN.c[name]).label(name) for name in _SUMMED),
        func.min(_SEEN.c.first_at).label("first_at"),
        func.max(_SEEN.c.last_at).label("last_at"),
    )
    .where(among_ids(_SEEN.c.customer_id))
    .group_by(_SEEN.c.channel)
    .order_by(_SEEN.c.channel)
)
_FORGET_UNRESOLVED: Final = text("""
    DELETE FROM interaction_unresolved WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM interaction_unresolved WHERE received_at < CAST(:before AS timestamptz)
        ORDER BY received_at, message_uid LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
""")


async def timeline(
    session: AsyncSession, customer_id: UUID, *, before: tuple[Any, ...] | None, limit: int
) -> Sequence[Any]:
    """A customer's interactions from the newest on."""
    columns = INTERACTION.c
    shown = (columns.channel, columns.kind, columns.direction, columns.amount, columns.properties)
    statement = select(
        columns.message_uid.label("interaction_id"), columns.occurred_at, *shown, columns.time_suspect
    ).where(columns.customer_id == customer_id)
    place = columns.occurred_at, columns.message_uid
    return (await session.execute(keyset.backward(statement, *place, before=before, limit=limit))).all()


async def activity(session: AsyncSession, customers: Collection[UUID]) -> Sequence[Any]:
    """The counters of all these customers, channel by channel; with what waits to be counted."""
    return (await session.execute(_ACTIVITY, {"ids": list(customers)})).all()


def _letters() -> CompoundSelect[Any]:
    """What was refused at the door, and what the worker could not store. Of the latter only the kind of error is shown:
    what the database says of it may have words of the message in it."""
    ours, theirs = LETTER.c, dead_letter.c
    door = select(*(ours[name] for name in _SHOWN))
    store = select(
        func.lpad(func.to_hex(theirs.id), 32, "0").cast(Uuid).label("id"),
        literal("stored").label("form"),
        theirs.consumer.label("source"),
        theirs.reason,
        func.split_part(theirs.detail, ":", 1).label("detail"),
        func.octet_length(theirs.payload).label("size"),
        literal(1).label("times"),
        theirs.attempts,
        theirs.failed_at.label("received_at"),
        theirs.failed_at.label("tried_at"),
        theirs.replayed_at,
        null().cast(Text).label("replayed_by"),
    ).where(theirs.consumer.in_(CONSUMERS))
    return union_all(door, store)


async def letters(
    session: AsyncSession,
    wanted: Mapping[str, str | None],
    *,
    waiting: bool | None,
    before: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[Any]:
    """Dead letters of the way from the door to the rows, the newest first."""
    found = _letters().subquery()
    statement = select(found)
    for name, value in wanted.items():
        if value is not None:
            statement = statement.where(found.c[name] == value)
    if waiting is not None:
        place = found.c.replayed_at
        statement = statement.where(place.is_(None) if waiting else place.is_not(None))
    key = found.c.received_at, found.c.id
    return (await session.execute(keyset.backward(statement, *key, before=before, limit=limit))).all()


async def stored_letters(session: AsyncSession, reason: str, *, limit: int) -> Sequence[int]:
    """The numbers of those that the worker could not store for this reason, the least tried first."""
    columns = dead_letter.c
    statement = select(columns.id).where(
        columns.consumer.in_(CONSUMERS), columns.reason == reason, columns.replayed_at.is_(None)
    )
    return (await session.scalars(statement.order_by(columns.attempts, columns.id).limit(limit))).all()


async def hold_waiting(session: AsyncSession, reason: str, *, limit: int) -> Sequence[LetterRow]:
    """Letters that wait for this reason, those first that were tried least; nobody else takes them meanwhile."""
    waiting = select(LetterRow).where(col(LetterRow.reason) == reason, col(LetterRow.replayed_at).is_(None))
    ordered = waiting.order_by(col(LetterRow.attempts), col(LetterRow.received_at), col(LetterRow.id))
    return (await session.scalars(ordered.limit(limit).with_for_update(skip_locked=True))).all()


async def waiting(session: AsyncSession, reason: str) -> int:
    """How many letters wait for this reason."""
    statement = select(func.count()).select_from(LetterRow)
    statement = statement.where(col(LetterRow.reason) == reason, col(LetterRow.replayed_at).is_(None))
    return await session.scalar(statement) or 0


async def archives(session: AsyncSession) -> Sequence[ArchiveRow]:
    """The days that have become files, the latest first."""
    ordered = select(ArchiveRow).order_by(col(ArchiveRow.first).desc(), col(ArchiveRow.name))
    return (await session.scalars(ordered)).all()


async def forget_unresolved(session: AsyncSession, before: datetime, limit: int) -> int:
    """Delete what came before and still waits for its customer, the oldest first; returns how much."""
    done = await session.execute(_FORGET_UNRESOLVED, {"before": before, "limit": limit})
    assert isinstance(done, CursorResult)
    return done.rowcount

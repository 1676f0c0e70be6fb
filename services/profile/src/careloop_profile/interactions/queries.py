from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from careloop_common.plumbing import dead_letter
from sqlalchemy import (
    CompoundSelect,
    CursorResult,
    Table,
    Text,
    TextClause,
    Uuid,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions.models import ArchiveRow, InteractionRow, LetterRow


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


INTERACTION, LETTER = _table(InteractionRow), _table(LetterRow)
CONSUMERS = ("interactions", "apply-traits")
"""The worker's readers of what came in at the door."""
_SHOWN = (
    *("id", "form", "source", "reason", "detail", "size", "times", "attempts"),
    *("received_at", "tried_at", "replayed_at", "replayed_by"),
)

OF_DAYS: Final = """
    customer_id, channel, CAST(sum(count) AS int) AS interactions,
    CAST(coalesce(sum(count) FILTER (WHERE kind = 'payment'), 0) AS int) AS payments,
    coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0) AS amount,
    CAST(coalesce(sum(count) FILTER (WHERE kind = 'complaint'), 0) AS int) AS complaints,
    min(coalesce(first_at, last_at)) AS first_at, max(last_at) AS last_at
"""
"""What rows of days are among the counters of a customer and channel, by which they are to be grouped."""


def _counters(by: str) -> TextClause:
    """What was counted is among its day, or among the sums of days that are no more; and what waits is counted here."""
    mine = "WHERE customer_id = ANY(CAST(:ids AS uuid[]))"
    return text(f"""
        SELECT {by}, sum(interactions) AS interactions, sum(payments) AS payments,
               CAST(sum(amount) AS numeric(30, 4)) AS amount, sum(complaints) AS complaints,
               min(first_at) AS first_at, max(last_at) AS last_at
        FROM (
            SELECT customer_id, channel, interactions, payments, amount, complaints, first_at, last_at
            FROM customer_activity {mine}
            UNION ALL SELECT {OF_DAYS} FROM metric_bucket {mine} GROUP BY customer_id, channel
            UNION ALL
            SELECT customer_id, channel, 1, CAST(kind = 'payment' AS int),
                   CASE kind WHEN 'payment' THEN coalesce(amount, 0) ELSE 0 END, CAST(kind = 'complaint' AS int),
                   occurred_at, occurred_at
            FROM interaction_news {mine}
        ) AS seen GROUP BY {by} ORDER BY {by}
    """)  # noqa: S608


_ACTIVITY: Final = _counters("channel")
COUNTERS: Final = _counters("customer_id, channel")
"""The counters of each of the customers `ids`, channel by channel."""
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
    """The counters of all these customers, channel by channel."""
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

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import keyset, records
from sqlalchemy import ColumnElement, SQLColumnExpression, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from careloop_ticketing.notices.models import WAITS, NoticeChoiceRow, NoticeRow
from careloop_ticketing.notices.policy.roster import NOBODY
from careloop_ticketing.notices.policy.telling import Notice, Reason

_ROSTER_LOCK: Final = 7_306_002
"""Number of the lock under which rosters are published: who saw a version sees that it is still the active one."""
_COLUMNS: Final = {
    "id": "uuid",
    "ticket_id": "uuid",
    "number": "text",
    "recipient": "text",
    "role": "text",
    "reason": "text",
    "level": "text",
    "clock": "text",
    "step": "text",
    "due_at": "timestamptz",
    "asks": "bool",
    "also": "text[]",
}
_NAMES: Final = ", ".join(_COLUMNS)
_STORE: Final = text(
    f"INSERT INTO notice ({_NAMES}, at, by) SELECT {_NAMES}, :now, :by FROM {records.given(_COLUMNS)}"  # noqa: S608
    " ON CONFLICT (ticket_id, recipient, at) DO UPDATE SET role = excluded.role, reason = excluded.reason,"
    " level = excluded.level, clock = excluded.clock, step = excluded.step, due_at = excluded.due_at,"
    " asks = notice.asks OR excluded.asks, also = array_append(notice.also, CAST(notice.reason AS text)) || excluded.also, read_at = NULL"
)
# What is just being acknowledged, with the ticket of many others perhaps, is not waited for: that would be a circle.
_READ: Final = text(
    "UPDATE notice SET read_at = :now WHERE id IN (SELECT id FROM notice WHERE recipient = :recipient"
    " AND (read_at IS NOT NULL) = false AND id <= :newest FOR UPDATE SKIP LOCKED)"
)
_READ_THESE: Final = text(
    "UPDATE notice SET read_at = :now WHERE id IN (SELECT id FROM notice WHERE id = ANY(:ids) AND read_at IS NULL"
    " FOR UPDATE SKIP LOCKED)"
)
_ACKNOWLEDGE: Final = text(
    "UPDATE notice SET acknowledged_at = :now, acknowledged_by = :by,"  # noqa: S608
    " read_at = CASE WHEN recipient = :by THEN coalesce(read_at, :now) ELSE read_at END"
    f" WHERE ticket_id = ANY(:tickets) AND {WAITS}"
)
_COUNTS: Final = text(
    "SELECT reason, count(*) FROM notice WHERE recipient = :recipient AND (read_at IS NOT NULL) = false GROUP BY reason"
)
_WAITING: Final = text(
    f"SELECT count(DISTINCT ticket_id) FROM notice WHERE recipient = :recipient AND {WAITS}"  # noqa: S608
)
_BACKLOG: Final = text(
    "SELECT count(*), count(*) FILTER (WHERE read_at IS NULL AND at < :hour),"  # noqa: S608
    " count(*) FILTER (WHERE read_at IS NULL AND at < :day), min(at) FILTER (WHERE read_at IS NULL),"
    f" count(*) FILTER (WHERE recipient = :nobody) FROM notice WHERE {WAITS}"
)
_FORGET: Final = text(
    "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE id < :before ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)"
)


class Backlog(NamedTuple):
    """Escalations that wait to be acknowledged."""

    waiting: int
    unread_hour: int
    unread_day: int
    oldest_unread: datetime | None
    undeliverable: int


async def lock_rosters(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ROSTER_LOCK})


async def store(
    session: AsyncSession, notices: Iterable[tuple[UUID, Notice]], *, by: str, now: datetime
) -> None:
    """Write notices; what somebody is told of the same ticket at the same instant again becomes one with the first."""
    rows = records.encode(_COLUMNS, (_row(*one) for one in notices))
    await session.execute(_STORE, {"rows": rows, "by": by, "now": now})


def _row(notice_id: UUID, one: Notice) -> tuple[Any, ...]:
    return (
        notice_id,
        one.ticket_id,
        one.number,
        one.recipient,
        one.role,
        one.reason,
        one.level,
        one.clock,
        one.step,
        one.due_at,
        one.asks,
        one.also,
    )


async def choices(session: AsyncSession, ids: Collection[str]) -> Sequence[NoticeChoiceRow]:
    theirs = select(NoticeChoiceRow).where(col(NoticeChoiceRow.agent_id).in_(ids))
    return (await session.scalars(theirs)).all()


async def newest(
    session: AsyncSession,
    recipient: str,
    *,
    read: bool,
    reason: Reason | None,
    ticket_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[NoticeRow]:
    """Of one person's notices those that they have read, or have not."""
    theirs = select(NoticeRow).where(
        col(NoticeRow.recipient) == recipient, text(f"(read_at IS NOT NULL) = {str(read).lower()}")
    )
    if reason is not None:
        theirs = theirs.where(col(NoticeRow.reason) == reason)
    if ticket_id is not None:
        theirs = theirs.where(col(NoticeRow.ticket_id) == ticket_id)
    found = keyset.backward(theirs, col(NoticeRow.id), before=before, limit=limit)
    return (await session.scalars(found)).all()


async def waiting(
    session: AsyncSession, recipient: str, *, after: UUID | None, limit: int
) -> Sequence[NoticeRow]:
    """The last notice of each ticket that waits for somebody, the one that waits for longest first."""
    later = aliased(NoticeRow)
    overtaken = exists().where(
        col(later.ticket_id) == col(NoticeRow.ticket_id),
        col(later.recipient) == col(NoticeRow.recipient),
        col(later.id) > col(NoticeRow.id),
        _waits(col(later.asks), col(later.acknowledged_at)),
    )
    theirs = select(NoticeRow).where(
        col(NoticeRow.recipient) == recipient,
        _waits(col(NoticeRow.asks), col(NoticeRow.acknowledged_at)),
        ~overtaken,
    )
    return (await session.scalars(keyset.forward(theirs, col(NoticeRow.id), after=after, limit=limit))).all()


def waits(ticket_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether anything about this ticket waits to be acknowledged, for queries of other slices."""
    asks = _waits(col(NoticeRow.asks), col(NoticeRow.acknowledged_at))
    return exists().where(col(NoticeRow.ticket_id) == ticket_id, asks)


def _waits(asks: Any, acknowledged_at: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = asks & acknowledged_at.is_(None)
    return condition


async def own(session: AsyncSession, recipient: str, ids: Collection[UUID]) -> set[UUID]:
    theirs = select(col(NoticeRow.id)).where(
        col(NoticeRow.id).in_(ids), col(NoticeRow.recipient) == recipient
    )
    return set((await session.scalars(theirs)).all())


async def mark(session: AsyncSession, ids: Collection[UUID], now: datetime) -> int:
    return _count(await session.execute(_READ_THESE, {"ids": list(ids), "now": now}))


async def mark_up_to(session: AsyncSession, recipient: str, newest_id: UUID, now: datetime) -> int:
    return _count(await session.execute(_READ, {"recipient": recipient, "newest": newest_id, "now": now}))


async def acknowledge(session: AsyncSession, tickets: Collection[UUID], *, by: str, now: datetime) -> None:
    await session.execute(_ACKNOWLEDGE, {"tickets": list(tickets), "by": by, "now": now})


async def unread(session: AsyncSession, recipient: str) -> dict[str, int]:
    """How many of somebody's notices are unread, by reason."""
    return dict((await session.execute(_COUNTS, {"recipient": recipient})).all())


async def count_waiting(session: AsyncSession, recipient: str) -> int:
    """How many tickets wait for somebody."""
    return int(await session.scalar(_WAITING, {"recipient": recipient}) or 0)


async def backlog(session: AsyncSession, *, hour: datetime, day: datetime) -> Backlog:
    asked = {"hour": hour, "day": day, "nobody": NOBODY}
    return Backlog(*(await session.execute(_BACKLOG, asked)).one())


async def forget(session: AsyncSession, before: UUID, *, limit: int) -> int:
    return _count(await session.execute(_FORGET, {"before": before, "limit": limit}))


def _count(result: Any) -> int:
    return int(result.rowcount)

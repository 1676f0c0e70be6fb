from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_ticketing.recalculation.models import RecalculationRow, SetAsideRow
from careloop_ticketing.recalculation.policy import Cause, State
from careloop_ticketing.tickets.queries import UNFINISHED

# A clock that does not follow, for the policy does not know it, say, is not to be found again: both read on along the key.
_OF_CALENDAR: Final = text(
    "SELECT DISTINCT subject_id FROM sla_clock WHERE calendar = :subject AND calendar_version < :version"
    " AND state <> 'stopped' AND subject_id > CAST(:cursor AS uuid) ORDER BY subject_id LIMIT :limit"
)
# Also of tickets without any clock that runs: the policy may have one for them.
_OF_POLICY: Final = text(
    "SELECT t.id FROM ticket AS t WHERE t.status = ANY(:unfinished) AND t.id > CAST(:cursor AS uuid)"
    " AND (t.policy_version < :version OR EXISTS (SELECT FROM sla_clock AS k WHERE k.subject_id = t.id"
    " AND k.policy_version < :version AND k.state <> 'stopped')) ORDER BY t.id LIMIT :limit"
)
_START: Final = UUID(int=0)
# A ticket that was set aside a while ago may have been repaired; before that it is no reason to begin again.
_OUTDATED: Final = text(
    "SELECT c.code, c.version FROM calendar AS c WHERE EXISTS (SELECT FROM sla_clock AS k"
    " WHERE k.calendar = c.code AND k.calendar_version < c.version AND k.state <> 'stopped'"
    " AND NOT EXISTS (SELECT FROM sla_set_aside AS a JOIN sla_recalculation AS r ON r.id = a.recalculation_id"
    " WHERE a.ticket_id = k.subject_id AND a.at > :since AND r.subject = c.code AND r.version = c.version"
    " AND r.cause = 'calendar'))"
)


async def affected(
    session: AsyncSession, cause: Cause, subject: str, version: int, *, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """The next tickets that are under older terms."""
    given = {"version": version, "cursor": after or _START, "limit": limit}
    if cause is Cause.CALENDAR:
        return (await session.scalars(_OF_CALENDAR, {**given, "subject": subject})).all()
    unfinished = [status.value for status in UNFINISHED]
    return (await session.scalars(_OF_POLICY, {**given, "unfinished": unfinished})).all()


async def outdated_calendars(session: AsyncSession, *, since: datetime) -> Sequence[tuple[str, int]]:
    """Calendars with a newer version than some clock counts by, unless it could not follow that, and this after `since`."""
    return [(code, version) for code, version in (await session.execute(_OUTDATED, {"since": since})).all()]


async def open_one(session: AsyncSession, cause: Cause, subject: str) -> RecalculationRow | None:
    unfinished = col(RecalculationRow.state) != State.DONE
    named = col(RecalculationRow.cause) == cause, col(RecalculationRow.subject) == subject
    return (await session.scalars(select(RecalculationRow).where(unfinished, *named))).one_or_none()


async def oldest_open(session: AsyncSession) -> RecalculationRow | None:
    unfinished = select(RecalculationRow).where(col(RecalculationRow.state) != State.DONE)
    return (await session.scalars(unfinished.order_by(col(RecalculationRow.id)).limit(1))).one_or_none()


async def backlog(session: AsyncSession) -> tuple[int, datetime | None]:
    """How many are open, and since when the oldest is."""
    unfinished = select(func.count(), func.min(col(RecalculationRow.requested_at)))
    unfinished = unfinished.where(col(RecalculationRow.state) != State.DONE)
    return (await session.execute(unfinished)).one()


async def count(session: AsyncSession, recalculation_id: UUID, counts: Mapping[str, int]) -> None:
    """Add to the counts of a recalculation, by their names."""
    added = {name: getattr(RecalculationRow, name) + count for name, count in counts.items()}
    one = update(RecalculationRow).where(col(RecalculationRow.id) == recalculation_id)
    await session.execute(one.values(added))


async def move(session: AsyncSession, recalculation_id: UUID, *, to: UUID) -> None:
    one = update(RecalculationRow).where(col(RecalculationRow.id) == recalculation_id)
    await session.execute(one.values(cursor=to))


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[RecalculationRow]:
    rows = keyset.backward(select(RecalculationRow), col(RecalculationRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def set_aside(
    session: AsyncSession, recalculation_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[SetAsideRow]:
    theirs = select(SetAsideRow).where(col(SetAsideRow.recalculation_id) == recalculation_id)
    rows = keyset.forward(theirs, col(SetAsideRow.ticket_id), after=after, limit=limit)
    return (await session.scalars(rows)).all()


async def add_set_aside(session: AsyncSession, recalculation_id: UUID, given: Mapping[str, Any]) -> bool:
    """Whether it was not set aside before."""
    row = insert(SetAsideRow).values(recalculation_id=recalculation_id, **given).on_conflict_do_nothing()
    return (await session.scalars(row.returning(col(SetAsideRow.ticket_id)))).first() is not None

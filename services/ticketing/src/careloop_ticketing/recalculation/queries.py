from collections.abc import Sequence
from typing import Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_ticketing.recalculation.models import RecalculationRow
from careloop_ticketing.recalculation.policy import Cause, State

# A clock that does not follow, for the policy does not know it, say, is not to be found again: both read on along the key.
_OF_CALENDAR: Final = text(
    "SELECT DISTINCT subject_id FROM sla_clock WHERE calendar = :subject AND calendar_version < :version"
    " AND state <> 'stopped' AND subject_id > CAST(:cursor AS uuid) ORDER BY subject_id LIMIT :limit"
)
_OF_POLICY: Final = text(
    "SELECT DISTINCT subject_id FROM sla_clock WHERE policy_version < :version AND state <> 'stopped'"
    " AND subject_id > CAST(:cursor AS uuid) ORDER BY subject_id LIMIT :limit"
)
_START: Final = UUID(int=0)
_OUTDATED: Final = text(
    "SELECT c.code, c.version FROM calendar AS c WHERE EXISTS (SELECT FROM sla_clock AS k"
    " WHERE k.calendar = c.code AND k.calendar_version < c.version AND k.state <> 'stopped')"
)


async def affected(
    session: AsyncSession, cause: Cause, subject: str, version: int, *, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """The next tickets whose clocks run under older terms."""
    given = {"version": version, "cursor": after or _START, "limit": limit}
    if cause is Cause.CALENDAR:
        return (await session.scalars(_OF_CALENDAR, {**given, "subject": subject})).all()
    return (await session.scalars(_OF_POLICY, given)).all()


async def outdated_calendars(session: AsyncSession) -> Sequence[tuple[str, int]]:
    """Calendars with a newer version than some clock counts by."""
    return [(code, version) for code, version in (await session.execute(_OUTDATED)).all()]


async def open_one(session: AsyncSession, cause: Cause, subject: str) -> RecalculationRow | None:
    unfinished = col(RecalculationRow.state) != State.DONE
    named = col(RecalculationRow.cause) == cause, col(RecalculationRow.subject) == subject
    return (await session.scalars(select(RecalculationRow).where(unfinished, *named))).one_or_none()


async def oldest_open(session: AsyncSession) -> RecalculationRow | None:
    unfinished = select(RecalculationRow).where(col(RecalculationRow.state) != State.DONE)
    return (await session.scalars(unfinished.order_by(col(RecalculationRow.id)).limit(1))).one_or_none()


async def count(
    session: AsyncSession, recalculation_id: UUID, *, examined: int, moved: int, late: int
) -> None:
    added = {
        "examined": col(RecalculationRow.examined) + examined,
        "moved": col(RecalculationRow.moved) + moved,
        "late": col(RecalculationRow.late) + late,
    }
    one = update(RecalculationRow).where(col(RecalculationRow.id) == recalculation_id)
    await session.execute(one.values(added))


async def move(session: AsyncSession, recalculation_id: UUID, *, to: UUID) -> None:
    one = update(RecalculationRow).where(col(RecalculationRow.id) == recalculation_id)
    await session.execute(one.values(cursor=to))


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[RecalculationRow]:
    rows = keyset.backward(select(RecalculationRow), col(RecalculationRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()

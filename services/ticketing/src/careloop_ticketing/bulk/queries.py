from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import keyset, records
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.bulk.models import OPEN, BulkItemRow, BulkJobRow
from careloop_ticketing.bulk.policy import Result, State

_ITEM: Final = {"ticket_id": "uuid", "version": "int", "arguments": "jsonb"}
_OUTCOME: Final = {
    "ticket_id": "uuid",
    "result": "text",
    "code": "text",
    "detail": "text",
    "version_after": "int",
    "back": "jsonb",
}
_EXPECT: Final = text(
    "INSERT INTO bulk_item (job_id, ticket_id, version, arguments, result)"  # noqa: S608
    " SELECT :job, new.ticket_id, new.version, new.arguments, 'pending'"
    f" FROM {records.given(_ITEM)} JOIN ticket ON ticket.id = new.ticket_id RETURNING ticket_id"
)
_STORE: Final = text(
    "UPDATE bulk_item SET result = new.result, code = new.code, detail = new.detail,"  # noqa: S608
    f" version_after = new.version_after, back = new.back, done_at = :now FROM {records.given(_OUTCOME)}"
    " WHERE job_id = :job AND bulk_item.ticket_id = new.ticket_id"
)
# What a job had to write is in the notes of its tickets.
_FORGET: Final = text(
    "UPDATE bulk_job SET forgotten_at = :now, arguments = arguments - 'note' - 'text' WHERE id = ANY(:jobs)"
)
_START: Final = UUID(int=0)


class Item(NamedTuple):
    """A ticket of a job: which version is wanted, and arguments in place of the job's, each if it was said."""

    ticket_id: UUID
    version: int | None = None
    arguments: Mapping[str, Any] | None = None


class Outcome(NamedTuple):
    """What became of an item."""

    ticket_id: UUID
    result: Result
    code: str | None = None
    detail: str | None = None
    version_after: int | None = None
    back: Mapping[str, Any] | None = None


async def expect(session: AsyncSession, job_id: UUID, items: Collection[Item]) -> Collection[UUID]:
    """Add items to a job; returns those that are tickets."""
    given = {"job": job_id, "rows": records.encode(_ITEM, items)}
    return set((await session.execute(_EXPECT, given)).scalars())


async def claim(session: AsyncSession) -> BulkJobRow | None:
    """The open job that has waited longest for its turn and that no other process holds."""
    waiting = select(BulkJobRow).where(col(BulkJobRow.state).in_(OPEN))
    first = waiting.order_by(col(BulkJobRow.worked_at), col(BulkJobRow.id)).limit(1)
    return (await session.scalars(first.with_for_update(skip_locked=True))).one_or_none()


class Backlog(NamedTuple):
    """What is left to be done."""

    jobs: int
    items: int
    oldest: datetime | None
    waiting_since: datetime | None


async def backlog(session: AsyncSession) -> Backlog:
    done = col(BulkJobRow.changed) + col(BulkJobRow.no_effect) + col(BulkJobRow.impossible)
    left = select(
        func.count(),
        func.coalesce(func.sum(col(BulkJobRow.total) - done), 0),
        func.min(col(BulkJobRow.requested_at)),
        func.min(col(BulkJobRow.worked_at)),
    ).where(col(BulkJobRow.state).in_(OPEN))
    return Backlog(*(await session.execute(left)).one())


async def lock(session: AsyncSession, job_id: UUID) -> BulkJobRow | None:
    return await session.get(BulkJobRow, job_id, with_for_update=True)


async def upcoming(session: AsyncSession, job_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Item]:
    """The next items, in the order of their tickets."""
    columns = col(BulkItemRow.ticket_id), col(BulkItemRow.version), col(BulkItemRow.arguments)
    items = select(*columns).where(
        col(BulkItemRow.job_id) == job_id,
        col(BulkItemRow.ticket_id) > (after or _START),
        col(BulkItemRow.result) == Result.PENDING,
    )
    found = await session.execute(items.order_by(col(BulkItemRow.ticket_id)).limit(limit))
    return [Item(*row) for row in found]


async def store(session: AsyncSession, job_id: UUID, outcomes: Collection[Outcome], *, now: datetime) -> None:
    given = {"now": now, "job": job_id, "rows": records.encode(_OUTCOME, outcomes)}
    await session.execute(_STORE, given)


async def give_up(session: AsyncSession, job_id: UUID) -> None:
    """Leave undone what had no turn yet."""
    waiting = update(BulkItemRow).where(
        col(BulkItemRow.job_id) == job_id, col(BulkItemRow.result) == Result.PENDING
    )
    await session.execute(waiting.values(result=Result.NOT_DONE))


async def to_put_back(session: AsyncSession, job_id: UUID) -> Sequence[Item]:
    """What the job changed and an inverse act can put back, each as the job left it."""
    columns = col(BulkItemRow.ticket_id), col(BulkItemRow.version_after), col(BulkItemRow.back)
    changed = select(*columns).where(
        col(BulkItemRow.job_id) == job_id,
        col(BulkItemRow.result) == Result.CHANGED,
        col(BulkItemRow.back).is_not(None),
    )
    return [Item(*row) for row in await session.execute(changed)]


async def undoing(session: AsyncSession, job_id: UUID) -> UUID | None:
    """The job that undoes this one in earnest; one that was cancelled has left something to do."""
    theirs = col(BulkJobRow.undoes) == job_id, ~col(BulkJobRow.dry_run)
    found = select(col(BulkJobRow.id)).where(*theirs, col(BulkJobRow.state) != State.CANCELLED)
    return (await session.scalars(found.limit(1))).one_or_none()


async def newest(session: AsyncSession, *, before: UUID | None, limit: int) -> Sequence[BulkJobRow]:
    rows = keyset.backward(select(BulkJobRow), col(BulkJobRow.id), before=before, limit=limit)
    return (await session.scalars(rows)).all()


async def items(
    session: AsyncSession, job_id: UUID, *, result: Result | None, after: UUID | None, limit: int
) -> Sequence[BulkItemRow]:
    rows = select(BulkItemRow).where(
        col(BulkItemRow.job_id) == job_id, col(BulkItemRow.ticket_id) > (after or _START)
    )
    if result is not None:
        rows = rows.where(col(BulkItemRow.result) == result)
    return (await session.scalars(rows.order_by(col(BulkItemRow.ticket_id)).limit(limit))).all()


async def forget(session: AsyncSession, *, before: datetime, now: datetime, limit: int) -> int:
    """Delete the items of jobs that were finished before then, and what these had to write; returns how many jobs."""
    old = select(col(BulkJobRow.id)).where(
        col(BulkJobRow.finished_at) < before, col(BulkJobRow.forgotten_at).is_(None)
    )
    oldest = old.order_by(col(BulkJobRow.finished_at)).limit(limit).with_for_update(skip_locked=True)
    jobs = list((await session.scalars(oldest)).all())
    await session.execute(delete(BulkItemRow).where(col(BulkItemRow.job_id).in_(jobs)))
    await session.execute(_FORGET, {"now": now, "jobs": jobs})
    return len(jobs)

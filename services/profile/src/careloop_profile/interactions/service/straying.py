"""What DEFAULT has of days that are due goes into the files of these days: what came when its day had left, and days for which
there was no partition.

Some at a time, each time in a transaction: the file has the rows before they go, and who is stopped in between finds rows
that the file has already. A day is announced before its file is written, so that who is erased meanwhile is sought in it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions import partitions
from careloop_profile.interactions.models import ArchiveRow
from careloop_profile.interactions.partitions import Span
from careloop_profile.interactions.service import archiving, files

log = structlog.get_logger()

_MOST: Final = 100_000
"""Rows for which a file is written anew."""
_DAYS: Final = text("""
    SELECT DISTINCT CAST(occurred_at AT TIME ZONE 'UTC' AS date) FROM interaction_default
    WHERE occurred_at < CAST(:before AS timestamptz) ORDER BY 1
""")
_TAKE: Final = text(f"""
    WITH taken AS (
        DELETE FROM interaction_default WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM interaction_default WHERE occurred_at >= :first AND occurred_at < :last
            LIMIT :limit FOR UPDATE SKIP LOCKED
        )) RETURNING *
    )
    SELECT {files.COLUMNS} FROM taken ORDER BY {files.ORDER}
""")  # noqa: S608  (the names are those of our columns)


async def archive_next(
    session: AsyncSession, directory: Path, *, days: int, now: datetime, most: int = _MOST
) -> bool:
    """Put some of what is due into the file of its day; whether there was any."""
    before = partitions.midnight(now.astimezone(UTC).date() - timedelta(days=days))
    for day in (await session.scalars(_DAYS, {"before": before})).all():
        row = await _file_of(session, day)
        if row is None:
            session.add(_announced(day, now))
            return True
        path = files.path_of(directory, row.name)
        if row.rows and not await asyncio.to_thread(path.is_file):
            log.warning("interaction.archive_missing", archive=row.name)
        elif await _take_in(session, row, path, most):
            return True
    return False


async def _file_of(session: AsyncSession, day: date) -> ArchiveRow | None:
    mine = select(ArchiveRow).where(col(ArchiveRow.first) <= day, col(ArchiveRow.last) > day)
    return (await session.scalars(mine.with_for_update())).one_or_none()


def _announced(day: date, now: datetime) -> ArchiveRow:
    span = Span(day, day + timedelta(days=1))
    return ArchiveRow(
        name=span.name, first=span.first, last=span.last, rows=0, size=0, sha256="", archived_at=now
    )


async def _take_in(session: AsyncSession, row: ArchiveRow, path: Path, most: int) -> int:
    """Write the file anew with some of what is late for it; returns how much that was."""
    late: set[str] = set()
    async with files.drafting(path) as draft:
        while some := await _take(session, row, min(files.STRETCH, most - len(late))):
            await asyncio.to_thread(draft.add, some)
            late.update(one.message_uid for one in some)
        if late:
            # What came twice, or was in it already when somebody was stopped, is there once.
            await asyncio.to_thread(draft.add_all_but, "message_uid", late)
    if late:
        await asyncio.to_thread(files.settle, path)
        await archiving.note(row, path)
    else:
        await asyncio.to_thread(files.remove_draft, path)
    return len(late)


async def _take(session: AsyncSession, row: ArchiveRow, limit: int) -> Sequence[Any]:
    if limit <= 0:
        return ()
    bounds = {"first": partitions.midnight(row.first), "last": partitions.midnight(row.last)}
    return (await session.execute(_TAKE, {**bounds, "limit": limit})).all()

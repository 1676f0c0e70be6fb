"""What DEFAULT has of days that are due goes into the files of these days: what came when its day had left, and days for which
there was no partition.

Some at a time, each time in a transaction: the file has the rows before they go, and who is stopped in between finds rows
that the file has already. A file takes so many rows, then another one follows it: none that is full is written again. Each is
announced before it is written, so that who is erased meanwhile is sought in it.
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
    """Put some of what is due into a file of its day, which takes up to `most`; whether there was any."""
    before = partitions.midnight(now.astimezone(UTC).date() - timedelta(days=days))
    for day in (await session.scalars(_DAYS, {"before": before})).all():
        rows = await _files_of(session, day)
        if not rows or rows[-1].rows >= most:
            session.add(_announced(day, rows, now))
            return True
        if missing := await asyncio.to_thread(_missing, directory, rows):
            log.warning("interaction.archive_missing", archive=missing)
        elif await _take_in(session, directory, rows, most - rows[-1].rows):
            return True
    return False


async def _files_of(session: AsyncSession, day: date) -> Sequence[ArchiveRow]:
    """The files of a day in the order in which they were written."""
    mine = select(ArchiveRow).where(col(ArchiveRow.first) <= day, col(ArchiveRow.last) > day)
    rows = (await session.scalars(mine.order_by(col(ArchiveRow.name)).with_for_update())).all()
    return sorted(rows, key=lambda row: row.name)


def _announced(day: date, rows: Sequence[ArchiveRow], now: datetime) -> ArchiveRow:
    span = Span(rows[0].first, rows[0].last) if rows else Span(day, day + timedelta(days=1))
    name = span.part(partitions.number_of(rows[-1].name) + 1) if rows else span.name
    return ArchiveRow(name=name, first=span.first, last=span.last, rows=0, size=0, sha256="", archived_at=now)


def _missing(directory: Path, rows: Sequence[ArchiveRow]) -> str | None:
    gone = (row.name for row in rows if row.rows and not files.path_of(directory, row.name).is_file())
    return next(gone, None)


async def _take_in(session: AsyncSession, directory: Path, rows: Sequence[ArchiveRow], most: int) -> int:
    """Write the last file anew with some of what is late for its day, as far as no file has it; returns how much was
    taken."""
    *full, row = rows
    path, elsewhere = files.path_of(directory, row.name), [files.path_of(directory, one.name) for one in full]
    late: set[str] = set()
    async with files.drafting(path) as draft:
        written = 0
        while some := await _take(session, row, min(files.STRETCH, most - len(late))):
            known = await asyncio.to_thread(files.known_of, elsewhere, [one.message_uid for one in some])
            new = [one for one in some if one.message_uid not in known]
            if new:
                await asyncio.to_thread(draft.add, new)
            written += len(new)
            late.update(one.message_uid for one in some)
        if row.rows:
            # What came twice, or was in it already when somebody was stopped, is there once.
            written += await asyncio.to_thread(draft.add_all_but, "message_uid", late)
    if not late:
        await asyncio.to_thread(files.remove_draft, path)
    elif written:
        await asyncio.to_thread(files.settle, path)
        await archiving.note(row, path)
    else:
        # Others have all of it, so what somebody left here who was stopped is of no use.
        await asyncio.to_thread(files.remove, path)
    return len(late)


async def _take(session: AsyncSession, row: ArchiveRow, limit: int) -> Sequence[Any]:
    if limit <= 0:
        return ()
    bounds = {"first": partitions.midnight(row.first), "last": partitions.midnight(row.last)}
    return (await session.execute(_TAKE, {**bounds, "limit": limit})).all()

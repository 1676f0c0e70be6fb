"""Days that are long gone become files, and come back when somebody needs them.

Counters have counted what is in a file and go on doing so.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from careloop_common import records
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions import partitions
from careloop_profile.interactions.errors import ArchiveDamaged, ArchiveNotFound
from careloop_profile.interactions.models import ArchiveRow
from careloop_profile.interactions.partitions import Span
from careloop_profile.interactions.service import files

_FETCH: Final = text(f"FETCH {files.STRETCH} FROM archived")
_STAYS: Final = timedelta(days=30)
"""How long days that came back stay."""


async def archive_next(session: AsyncSession, directory: Path, *, days: int, now: datetime) -> bool:
    """Make a file of the oldest partition that is due, and take it out of the table; whether there was one."""
    names = await partitions.existing(session)
    for span in partitions.due(now.astimezone(UTC).date(), names, days=days):
        known = await session.get(ArchiveRow, span.name, with_for_update=True)
        if known is None or known.restored_at is None or known.restored_at < now - _STAYS:
            await _archive(session, directory, span, now)
            return True
    return False


async def _archive(session: AsyncSession, directory: Path, span: Span, now: datetime) -> None:
    # Nothing may come in between reading the rows and dropping them.
    await session.execute(text(f"LOCK TABLE {span.name} IN SHARE MODE"))
    path = files.path_of(directory, span.name)
    rows = await _write(session, span.name, path)
    size, digest = await asyncio.to_thread(files.settle, path)
    # The same days again, after they came back: the new file has all that the old ones had.
    await session.merge(
        ArchiveRow(
            name=span.name,
            first=span.first,
            last=span.last,
            rows=rows,
            size=size,
            sha256=digest,
            archived_at=now,
            restored_at=None,
        )
    )
    for other in await _of_same_days(session, span.name):
        if other.name != span.name:
            await asyncio.to_thread(files.remove, files.path_of(directory, other.name))
            await session.delete(other)
    await session.execute(text("SET LOCAL lock_timeout = '5s'"))
    await session.execute(text(f"DROP TABLE {span.name}"))


async def _write(session: AsyncSession, name: str, path: Path) -> int:
    # A cursor of the driver's would stay open until the transaction ends, and the table could not be dropped.
    await session.execute(
        text(
            f"DECLARE archived NO SCROLL CURSOR FOR SELECT {files.COLUMNS} FROM {name} "  # noqa: S608
            f"ORDER BY {files.ORDER}"
        )
    )
    rows = 0
    async with files.drafting(path) as draft:
        while some := (await session.execute(_FETCH)).all():
            await asyncio.to_thread(draft.add, some)
            rows += len(some)
    await session.execute(text("CLOSE archived"))
    return rows


async def restore(session: AsyncSession, directory: Path, name: str, *, now: datetime) -> int:
    """Bring the days of an archive back into the table, from all of their files, where they stay for a month; returns how
    many rows they have. The files stay where they are."""
    rows = await _of_same_days(session, name)
    if not rows or rows[0].restored_at is not None:
        raise ArchiveNotFound(f"There is no archive {name}, or it is restored.")
    # What was only announced has no rows yet: they are in DEFAULT.
    paths = {files.path_of(directory, row.name): row for row in rows if row.sha256}
    for path, row in paths.items():
        if not await asyncio.to_thread(path.is_file) or await asyncio.to_thread(files.measure, path) != (
            row.size,
            row.sha256,
        ):
            raise ArchiveDamaged(f"{path.name} is missing, or is not the file that was written.")
    span = Span(rows[0].first, rows[0].last)
    await session.execute(text(f"CREATE TABLE {span.name} (LIKE interaction INCLUDING ALL)"))
    for path in paths:
        await _read_in(session, span.name, path)
    await _attach(session, span)
    for row in rows:
        row.restored_at = now
    return sum(row.rows for row in rows)


async def _of_same_days(session: AsyncSession, name: str) -> Sequence[ArchiveRow]:
    """All files of the days that this one is of."""
    found = await session.get(ArchiveRow, name)
    if found is None:
        return ()
    same = select(ArchiveRow).where(col(ArchiveRow.first) == found.first, col(ArchiveRow.last) == found.last)
    ordered = same.order_by(col(ArchiveRow.name)).with_for_update()
    return (await session.scalars(ordered.execution_options(populate_existing=True))).all()


async def _read_in(session: AsyncSession, table: str, path: Path) -> None:
    insert = text(
        f"INSERT INTO {table} ({', '.join(files.TYPES)}) "  # noqa: S608  (names are those of our partitions and columns)
        f"SELECT {', '.join(files.TYPES)} FROM {records.given(files.TYPES)} ON CONFLICT DO NOTHING"
    )
    stretches = files.read(path)
    while some := await asyncio.to_thread(next, stretches, None):
        await session.execute(insert, {"rows": records.encode(files.TYPES, some)})


async def next_after(session: AsyncSession, name: str) -> str | None:
    """The archive that follows, by name."""
    following = select(col(ArchiveRow.name)).where(col(ArchiveRow.name) > name)
    return (await session.scalars(following.order_by(col(ArchiveRow.name)).limit(1))).one_or_none()


async def discard_next(session: AsyncSession, directory: Path, *, before: date) -> bool:
    """Remove the oldest archive whose days all are before this one; whether there was one."""
    old = select(ArchiveRow).where(col(ArchiveRow.last) <= before).order_by(col(ArchiveRow.last)).limit(1)
    row = (await session.scalars(old.with_for_update())).one_or_none()
    if row is None:
        return False
    await asyncio.to_thread(files.remove, files.path_of(directory, row.name))
    await session.delete(row)
    return True


async def forget(session: AsyncSession, directory: Path, name: str, customers: Collection[UUID]) -> int:
    """Write the file of an archive anew without what it has of these customers; returns how many rows that were."""
    row = await session.get(ArchiveRow, name, with_for_update=True)
    if row is None:
        return 0
    path, unwanted = files.path_of(directory, name), {str(one) for one in customers}
    await asyncio.to_thread(files.remove_draft, path)
    if not await asyncio.to_thread(path.is_file):
        return 0
    gone = await asyncio.to_thread(files.held_of, path, unwanted)
    if gone:
        async with files.drafting(path) as draft:
            await asyncio.to_thread(draft.add_all_but, "customer_id", unwanted)
        await asyncio.to_thread(files.settle, path)
    # Somebody may have settled a file and been stopped before it was written down.
    if gone or await asyncio.to_thread(files.rows_of, path) != row.rows:
        await note(row, path)
    return gone


async def note(row: ArchiveRow, path: Path) -> None:
    """Write down what a file is by now."""
    row.rows = await asyncio.to_thread(files.rows_of, path)
    row.size, row.sha256 = await asyncio.to_thread(files.measure, path)


async def _attach(session: AsyncSession, span: Span) -> None:
    """Make the table a partition again, with what came late and went to DEFAULT."""
    name, columns = span.name, ", ".join(files.TYPES)
    bounds = {"first": partitions.midnight(span.first), "last": partitions.midnight(span.last)}
    await session.execute(
        text(
            "WITH late AS (DELETE FROM interaction_default WHERE occurred_at >= :first AND occurred_at < :last "  # noqa: S608
            f"RETURNING {columns}) INSERT INTO {name} ({columns}) SELECT {columns} FROM late ON CONFLICT DO NOTHING"
        ),
        bounds,
    )
    first, last = (bound.isoformat() for bound in bounds.values())
    await session.execute(
        text(f"ALTER TABLE interaction ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{last}')")
    )

"""Days that are long gone become files, and come back when somebody needs them.

A file has every column of its partition, customer by customer, so that DuckDB or anybody else can read it where it lies. What
is sealed stays sealed. Counters have counted what is in it and go on doing so.
"""

import asyncio
import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from careloop_common import records
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.interactions import partitions
from careloop_profile.interactions.errors import ArchiveDamaged, ArchiveNotFound
from careloop_profile.interactions.models import ArchiveRow
from careloop_profile.interactions.partitions import Span

_STRETCH: Final = 10_000
_FETCH: Final = text(f"FETCH {_STRETCH} FROM archived")
_STAYS: Final = timedelta(days=30)
"""How long days that came back stay."""
_INSTANT, _WORD = pa.timestamp("us", tz="UTC"), pa.dictionary(pa.int32(), pa.string())
_SCHEMA: Final = pa.schema(
    [
        pa.field("message_uid", pa.string(), nullable=False),
        pa.field("occurred_at", _INSTANT, nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("channel", _WORD, nullable=False),
        pa.field("kind", _WORD, nullable=False),
        pa.field("direction", _WORD),
        pa.field("amount", pa.decimal128(16, 4)),
        pa.field("properties", pa.string(), nullable=False),
        pa.field("received_at", _INSTANT, nullable=False),
        pa.field("time_suspect", pa.bool_(), nullable=False),
    ]
)
_TYPES: Final = {
    "message_uid": "uuid",
    "occurred_at": "timestamptz",
    "customer_id": "uuid",
    "channel": "text",
    "kind": "text",
    "direction": "text",
    "amount": "numeric",
    "properties": "jsonb",
    "received_at": "timestamptz",
    "time_suspect": "boolean",
}
_AS_TEXT: Final = {"message_uid", "customer_id", "properties"}


async def archive_next(session: AsyncSession, directory: Path, *, days: int, now: datetime) -> bool:
    """Make a file of the oldest partition that is due, and take it out of the table; whether there was one."""
    names = await partitions.existing(session)
    for span in partitions.due(now.astimezone(UTC).date(), names, days=days):
        known = await session.get(ArchiveRow, span.name)
        if known is None or known.restored_at is None or known.restored_at < now - _STAYS:
            await _archive(session, directory, span, now)
            return True
    return False


async def _archive(session: AsyncSession, directory: Path, span: Span, now: datetime) -> None:
    # Nothing may come in between reading the rows and dropping them.
    await session.execute(text(f"LOCK TABLE {span.name} IN SHARE MODE"))
    path = _path(directory, span.name)
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    rows = await _write(session, span.name, path)
    size, digest = await asyncio.to_thread(_settle, path)
    # The same days again, after they came back: the new file has all that the old one had.
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
    await session.execute(text("SET LOCAL lock_timeout = '5s'"))
    await session.execute(text(f"DROP TABLE {span.name}"))


async def _write(session: AsyncSession, name: str, path: Path) -> int:
    columns = ", ".join(f"{column}::text" if column in _AS_TEXT else column for column in _TYPES)
    # A cursor of the driver's would stay open until the transaction ends, and the table could not be dropped.
    await session.execute(
        text(
            f"DECLARE archived NO SCROLL CURSOR FOR SELECT {columns} FROM {name} "  # noqa: S608
            "ORDER BY customer_id, occurred_at, message_uid"
        )
    )
    writer = pq.ParquetWriter(_draft(path), _SCHEMA, compression="zstd")
    rows = 0
    try:
        while some := (await session.execute(_FETCH)).all():
            table = pa.table([pa.array(values) for values in zip(*some, strict=True)], names=list(_TYPES))
            await asyncio.to_thread(writer.write_table, table.cast(_SCHEMA))
            rows += len(some)
    finally:
        await asyncio.to_thread(writer.close)
    await session.execute(text("CLOSE archived"))
    return rows


def _settle(path: Path) -> tuple[int, str]:
    """Have the file on disk under its name before its rows go; returns its size and digest."""
    draft = _draft(path)
    with draft.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path.stat().st_size, digest


async def restore(session: AsyncSession, directory: Path, name: str, *, now: datetime) -> int:
    """Bring the days of an archive back into the table, where they stay for a month; returns how many rows they have.
    The file stays where it is."""
    row = await session.get(ArchiveRow, name, with_for_update=True)
    if row is None or row.restored_at is not None:
        raise ArchiveNotFound(f"There is no archive {name}, or it is restored.")
    path = _path(directory, name)
    if await asyncio.to_thread(_digest, path) != row.sha256:
        raise ArchiveDamaged(f"{path.name} is missing, or is not the file that was written.")
    await session.execute(text(f"CREATE TABLE {name} (LIKE interaction INCLUDING ALL)"))
    insert = text(
        f"INSERT INTO {name} ({', '.join(_TYPES)}) "  # noqa: S608  (names are those of our partitions and columns)
        f"SELECT {', '.join(_TYPES)} FROM {records.given(_TYPES)} ON CONFLICT DO NOTHING"
    )
    stretches = _read(path)
    while some := await asyncio.to_thread(next, stretches, None):
        await session.execute(insert, {"rows": records.encode(_TYPES, some)})
    bounds = {"first": partitions.midnight(row.first), "last": partitions.midnight(row.last)}
    await _attach(session, name, bounds)
    row.restored_at = now
    return row.rows


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
    await asyncio.to_thread(_path(directory, row.name).unlink, missing_ok=True)
    await session.delete(row)
    return True


async def forget(session: AsyncSession, directory: Path, name: str, customers: Collection[UUID]) -> int:
    """Write the file of an archive anew without what it has of these customers; returns how many rows that were."""
    row = await session.get(ArchiveRow, name, with_for_update=True)
    path = _path(directory, name)
    if row is None or not await asyncio.to_thread(path.is_file):
        return 0
    kept, gone = await asyncio.to_thread(_copy_without, path, {str(one) for one in customers})
    if gone:
        row.rows, (row.size, row.sha256) = kept, await asyncio.to_thread(_settle, path)
    return gone


def _copy_without(path: Path, customers: set[str]) -> tuple[int, int]:
    """Rows that are in the draft, and rows that are not. Where none of them is in the file, there is no draft."""
    unwanted = pa.array(sorted(customers), pa.string())
    with pq.ParquetFile(path) as file:
        held = sum(
            pc.sum(pc.is_in(batch.column(0), unwanted)).as_py() or 0
            for batch in file.iter_batches(batch_size=_STRETCH, columns=["customer_id"])
        )
        if not held:
            return file.metadata.num_rows, 0
        with pq.ParquetWriter(_draft(path), _SCHEMA, compression="zstd") as writer:
            for batch in file.iter_batches(batch_size=_STRETCH):
                table = pa.Table.from_batches([batch])
                writer.write_table(
                    table.filter(pc.invert(pc.is_in(table["customer_id"], unwanted))).cast(_SCHEMA)
                )
        return file.metadata.num_rows - held, held


async def _attach(session: AsyncSession, name: str, bounds: dict[str, datetime]) -> None:
    """Make the table a partition again, with what came late and went to DEFAULT."""
    columns = ", ".join(_TYPES)
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


def _read(path: Path) -> Iterator[Sequence[tuple[Any, ...]]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_STRETCH):
            yield [
                tuple(
                    msgspec.Raw(value.encode()) if name == "properties" else value
                    for name, value in item.items()
                )
                for item in batch.to_pylist()
            ]


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path(directory: Path, name: str) -> Path:
    return directory / f"{name}.parquet"


def _draft(path: Path) -> Path:
    return path.with_suffix(".draft")

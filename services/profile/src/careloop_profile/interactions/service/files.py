"""The files that interactions become: a draft first, which takes its name when it is on disk.

A file has every column of its partition, customer by customer, so that DuckDB or anybody else can read it where it lies; what
came late is before the rest. What is sealed stays sealed.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

STRETCH: Final = 10_000
"""Rows that are in memory together."""
TYPES: Final = {
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
COLUMNS: Final = ", ".join(f"{column}::text" if column in _AS_TEXT else column for column in TYPES)
"""As they are selected for a file."""
ORDER: Final = "customer_id, occurred_at, message_uid"
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


def path_of(directory: Path, name: str) -> Path:
    return directory / f"{name}.parquet"


class Draft:
    """A file that is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(_draft(path), _SCHEMA, compression="zstd")

    def add(self, rows: Sequence[Any]) -> None:
        """Rows with the columns as they are selected."""
        table = pa.table([pa.array(values) for values in zip(*rows, strict=True)], names=list(TYPES))
        self._writer.write_table(table.cast(_SCHEMA))

    def add_all_but(self, column: str, unwanted: Collection[str]) -> int:
        """What the file has that is there by now, but for the rows with one of these; returns how many it added."""
        if not self._path.is_file():
            return 0
        values, added = pa.array(sorted(unwanted), pa.string()), 0
        with pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(batch_size=STRETCH):
                table = pa.Table.from_batches([batch])
                table = table.filter(pc.invert(pc.is_in(table[column], values))).cast(_SCHEMA)
                self._writer.write_table(table)
                added += table.num_rows
        return added

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def drafting(path: Path) -> AsyncIterator[Draft]:
    """A draft of this file; `settle` puts it in its place."""
    draft = await asyncio.to_thread(Draft, path)
    try:
        yield draft
    finally:
        await asyncio.to_thread(draft.close)


def settle(path: Path) -> tuple[int, str]:
    """Have the file on disk under its name before its rows go; returns its size and digest."""
    draft = _draft(path)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return measure(path)


def measure(path: Path) -> tuple[int, str]:
    """The size of a file and its digest."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def rows_of(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def held_of(path: Path, customers: Collection[str]) -> int:
    """How many rows a file has of these customers."""
    wanted = pa.array(sorted(customers), pa.string())
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=STRETCH, columns=["customer_id"])
        return sum(pc.sum(pc.is_in(batch.column(0), wanted)).as_py() or 0 for batch in batches)


def known_of(paths: Sequence[Path], messages: Collection[str]) -> set[str]:
    """Which of these messages the files have."""
    wanted, found = pa.array(sorted(messages), pa.string()), set()
    for path in filter(Path.is_file, paths):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=STRETCH, columns=["message_uid"]):
                column = batch.column(0)
                found.update(column.filter(pc.is_in(column, wanted)).to_pylist())
    return found


def read(path: Path) -> Iterator[Sequence[tuple[Any, ...]]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=STRETCH):
            yield [
                tuple(
                    msgspec.Raw(value.encode()) if name == "properties" else value
                    for name, value in item.items()
                )
                for item in batch.to_pylist()
            ]


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    remove_draft(path)


def remove_draft(path: Path) -> None:
    """Take away what somebody left who was stopped."""
    _draft(path).unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_suffix(".draft")

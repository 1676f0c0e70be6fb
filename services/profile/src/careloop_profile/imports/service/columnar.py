"""Parquet. The format is read from its end, so the worker puts the parts together in a temporary file."""

import tempfile
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.records import MAX_COLUMNS, MAX_RECORD, Flaw
from careloop_profile.imports.service import parts
from careloop_profile.imports.service.tabular import TableRow, Unusable, check_header

_BATCH = 1000


class ParquetShelf:
    """The Parquet file that this process read last, open where the next chunk begins."""

    def __init__(self) -> None:
        self._import_id: UUID | None = None
        self._file: pq.ParquetFile | None = None
        self._rows: Iterator[dict[str, Any]] = iter(())
        self._next = 0

    async def inspect(self, session: AsyncSession, job: ImportRow) -> list[str]:
        """Column names; leaves the job at the first row."""
        file = await self._open(session, job)
        names = [str(name) for name in file.schema_arrow.names]
        check_header(names)
        if not names or len(names) > MAX_COLUMNS:
            raise Unusable("unreadable_header", f"The file has {len(names)} columns.")
        job.dialect = {"encoding": "parquet", "header": []}
        job.rows_total, job.position, job.line = file.metadata.num_rows, 0, 1
        return names

    async def next_rows(self, session: AsyncSession, job: ImportRow, limit: int) -> list[TableRow]:
        """Up to `limit` rows; fewer mean the end. `position` counts rows here."""
        file = await self._open(session, job)
        if self._next != job.position:
            self._rows, self._next = _rows(file, job.position), job.position
        found: list[TableRow] = []
        try:
            for row in self._rows:
                found.append(_table_row(self._next + 1, row))
                self._next += 1
                if len(found) == limit:
                    break
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Unusable("unreadable_file", "The Parquet file is damaged.") from error
        job.position, job.line = self._next, self._next + 1
        return found

    async def _open(self, session: AsyncSession, job: ImportRow) -> pq.ParquetFile:
        if self._import_id == job.id and self._file is not None:
            return self._file
        try:
            self._file = pq.ParquetFile(await _assembled(session, job))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise Unusable("unreadable_file", "This is no Parquet file.") from error
        self._import_id, self._rows, self._next = job.id, iter(()), -1
        return self._file

    def close(self) -> None:
        """Let go of the file."""
        self._file, self._import_id = None, None


async def _assembled(session: AsyncSession, job: ImportRow) -> pa.NativeFile:
    """The parts as one file without a name: it goes with the process, however that ends."""
    digest = sha256()
    with tempfile.NamedTemporaryFile(prefix="careloop-import-") as file:
        async for data in parts.stream(session, job.id):
            digest.update(data)
            file.write(data)
        file.flush()
        if job.declared_sha256 and digest.hexdigest() != job.declared_sha256:
            raise Unusable("checksum_mismatch", "The file is not the one that was announced.")
        return pa.memory_map(file.name)


def _rows(file: pq.ParquetFile, position: int) -> Iterator[dict[str, Any]]:
    """Rows from a position on. Row groups before it are not read."""
    skipped, groups = 0, list(range(file.num_row_groups))
    while groups and skipped + file.metadata.row_group(groups[0]).num_rows <= position:
        skipped += file.metadata.row_group(groups.pop(0)).num_rows
    for batch in file.iter_batches(batch_size=_BATCH, row_groups=groups):
        if skipped + batch.num_rows <= position:
            skipped += batch.num_rows
            continue
        start = max(0, position - skipped)
        skipped += batch.num_rows
        yield from batch.slice(start).to_pylist()


def _table_row(line: int, row: dict[str, Any]) -> TableRow:
    cells = {name: _text(value) for name, value in row.items()}
    if any("\0" in text for text in cells.values()):
        return TableRow(line, Flaw.NUL)
    if sum(map(len, cells.values())) > MAX_RECORD:
        return TableRow(line, Flaw.RECORD_TOO_LARGE)
    return TableRow(line, cells)


def _text(value: Any) -> str:
    """A value as a delimited file would spell it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

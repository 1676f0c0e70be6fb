from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy import records
from careloop_profile.imports.policy.dialect import (
    Dialect,
    EncodingProbe,
    Undecodable,
    dialect_of,
    header_names,
    skip_mark,
)
from careloop_profile.imports.policy.records import Flaw, Place
from careloop_profile.imports.service import parts
from careloop_profile.imports.service.tabular import TableRow, Unusable, check_header

_READ = 1 << 20


async def inspect(session: AsyncSession, job: ImportRow) -> list[str]:
    """Look at the whole file once: check sum, encoding, dialect, header. Leaves the job behind the header."""
    digest, probe, beginning = sha256(), EncodingProbe(), b""
    async for data in parts.stream(session, job.id):
        digest.update(data)
        if job.encoding == "auto":
            probe.feed(data)
        beginning = beginning or data
    if job.declared_sha256 and digest.hexdigest() != job.declared_sha256:
        raise Unusable("checksum_mismatch", "The file is not the one that was announced.")
    probe.feed(b"", final=True)
    try:
        mark = skip_mark(beginning)
    except Undecodable as error:
        raise Unusable("unsupported_encoding", str(error)) from error
    encoding = "utf-8" if mark else (probe.verdict() if job.encoding == "auto" else job.encoding)
    dialect = dialect_of(beginning[mark:], encoding)
    return await _take_header(session, job, dialect, Place(mark))


async def _take_header(session: AsyncSession, job: ImportRow, dialect: Dialect, place: Place) -> list[str]:
    job.dialect = {
        "encoding": dialect.encoding,
        "delimiter": dialect.delimiter,
        "newline": dialect.newline,
        "header": [],
    }
    _go_to(job, place)
    found = await _records(session, job, 1)
    if not found:
        raise Unusable("empty_file", "The file has no header.")
    cells = found[0].raw and records.cells(
        found[0].raw, encoding=dialect.encoding, delimiter=dialect.delimiter
    )
    if not cells or isinstance(cells, Flaw):
        raise Unusable("unreadable_header", f"The header cannot be read: {cells or found[0].flaw}.")
    names = header_names(cells)
    check_header(names)
    return names


async def next_rows(session: AsyncSession, job: ImportRow, limit: int) -> list[TableRow]:
    """Up to `limit` rows; fewer mean the end."""
    assert job.dialect is not None
    header: list[str] = job.dialect["header"]
    encoding, delimiter = job.dialect["encoding"], job.dialect["delimiter"]
    rows = []
    for record in await _records(session, job, limit):
        if record.flaw is not None:
            rows.append(TableRow(record.line, record.flaw))
            continue
        cells = records.cells(record.raw, encoding=encoding, delimiter=delimiter)
        if isinstance(cells, Flaw):
            rows.append(TableRow(record.line, cells))
        elif len(cells) != len(header):
            rows.append(TableRow(record.line, Flaw.RAGGED))
        else:
            rows.append(TableRow(record.line, dict(zip(header, cells, strict=True))))
    return rows


async def _records(session: AsyncSession, job: ImportRow, limit: int) -> list[records.Record]:
    assert job.dialect is not None
    delimiter, newline = job.dialect["delimiter"].encode(), job.dialect["newline"].encode()
    place = Place(job.position, job.line, job.skipping)
    buffer, found = b"", list[records.Record]()
    while len(found) < limit:
        behind = place.offset + len(buffer)
        data = await parts.read(session, job.id, behind, _READ)
        buffer += data
        start = place
        final = behind + len(data) >= job.size
        for record, after in records.split(buffer, start, delimiter=delimiter, newline=newline, final=final):
            place = after
            if record is not None:
                found.append(record)
                if len(found) == limit:
                    break
        buffer = buffer[place.offset - start.offset :]
        if final and not buffer:
            break
    _go_to(job, place)
    return found


def _go_to(job: ImportRow, place: Place) -> None:
    job.position, job.line, job.skipping = place.offset, place.line, place.skipping

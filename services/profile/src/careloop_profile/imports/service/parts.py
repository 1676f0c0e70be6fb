"""The uploaded file as the worker reads it: a sequence of bytes that lives in rows."""

from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import Table, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.models import KeyRow, PartRow

PART: Table = PartRow.__table__  # type: ignore[attr-defined]
KEY: Table = KeyRow.__table__  # type: ignore[attr-defined]

_NOTE_KEYS = text("""
    INSERT INTO import_key (import_id, key) SELECT CAST(:import_id AS uuid), unnest(CAST(:keys AS text[]))
    ON CONFLICT DO NOTHING RETURNING key
""")


async def keep(session: AsyncSession, import_id: UUID, number: int, data: bytes) -> None:
    statement = insert(PART).values(import_id=import_id, number=number, size=len(data), data=data)
    changed = {"size": statement.excluded.size, "data": statement.excluded.data}
    await session.execute(
        statement.on_conflict_do_update(index_elements=[PART.c.import_id, PART.c.number], set_=changed)
    )


async def sizes(session: AsyncSession, import_id: UUID) -> dict[int, int]:
    """The size of each part by its number, in order."""
    statement = select(PART.c.number, PART.c.size).where(PART.c.import_id == import_id)
    rows = await session.execute(statement.order_by(PART.c.number))
    return {row[0]: row[1] for row in rows}


async def read(session: AsyncSession, import_id: UUID, offset: int, length: int) -> bytes:
    """Up to `length` bytes from `offset` on; they may end early, where a part does."""
    start = 0
    for number, size in (await sizes(session, import_id)).items():
        if offset < start + size:
            piece = func.substring(PART.c.data, offset - start + 1, length)
            where = (PART.c.import_id == import_id, PART.c.number == number)
            return bytes(await session.scalar(select(piece).where(*where)) or b"")
        start += size
    return b""


async def stream(session: AsyncSession, import_id: UUID) -> AsyncIterator[bytes]:
    """The whole file, part by part."""
    for number in await sizes(session, import_id):
        where = (PART.c.import_id == import_id, PART.c.number == number)
        yield bytes(await session.scalar(select(PART.c.data).where(*where)) or b"")


async def unseen(session: AsyncSession, import_id: UUID, keys: list[str]) -> set[str]:
    """Those of the keys that the file had not had before; from now on it has."""
    found = await session.scalars(_NOTE_KEYS, {"import_id": import_id, "keys": sorted(set(keys))})
    return set(found.all())


async def discard(session: AsyncSession, import_id: UUID) -> None:
    """Forget the file and its keys: what is left of an import is its report."""
    await session.execute(delete(PART).where(PART.c.import_id == import_id))
    await session.execute(delete(KEY).where(KEY.c.import_id == import_id))

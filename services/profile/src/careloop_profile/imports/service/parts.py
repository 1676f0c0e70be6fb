"""The uploaded file as the worker reads it: a sequence of bytes that lives in rows, sealed.

A part is a row of frames, each sealed by itself, so that a piece of it is opened without the rest.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from careloop_common.database import vault
from careloop_common.errors import SealBroken
from careloop_common.privacy import OVERHEAD, Vault
from sqlalchemy import Table, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.models import KeyRow, PartRow
from careloop_profile.imports.service.tabular import Unusable

PART: Table = PartRow.__table__  # type: ignore[attr-defined]
KEY: Table = KeyRow.__table__  # type: ignore[attr-defined]

FRAME = 256 << 10
_SEALED_FRAME = FRAME + OVERHEAD

_NOTE_KEYS = text("""
    INSERT INTO import_key (import_id, key) SELECT CAST(:import_id AS uuid), unnest(CAST(:keys AS text[]))
    ON CONFLICT DO NOTHING RETURNING key
""")


async def keep(session: AsyncSession, import_id: UUID, number: int, data: bytes) -> None:
    sealed = await asyncio.to_thread(_seal, vault(session), import_id, number, data)
    statement = insert(PART).values(import_id=import_id, number=number, size=len(data), data=sealed)
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
            skipped, end = offset - start, min(size, offset - start + length)
            first, last = skipped // FRAME, (end - 1) // FRAME
            opened = await _frames(session, import_id, number, first, last - first + 1)
            return opened[skipped - first * FRAME : end - first * FRAME]
        start += size
    return b""


async def stream(session: AsyncSession, import_id: UUID) -> AsyncIterator[bytes]:
    """The whole file, part by part."""
    for number, size in (await sizes(session, import_id)).items():
        yield await _frames(session, import_id, number, 0, -(-size // FRAME))


async def _frames(session: AsyncSession, import_id: UUID, number: int, first: int, many: int) -> bytes:
    piece = func.substring(PART.c.data, first * _SEALED_FRAME + 1, many * _SEALED_FRAME)
    where = (PART.c.import_id == import_id, PART.c.number == number)
    sealed = bytes(await session.scalar(select(piece).where(*where)) or b"")
    try:
        return await asyncio.to_thread(_open, vault(session), import_id, number, first, sealed)
    except SealBroken as error:
        raise Unusable(
            "unreadable_file", "The file is sealed with a key that is gone; send it again."
        ) from error


def _seal(keys: Vault, import_id: UUID, number: int, data: bytes) -> bytes:
    places = enumerate(range(0, len(data), FRAME))
    return b"".join(
        keys.seal_bytes(import_id, _field(number, index), data[at : at + FRAME]) for index, at in places
    )


def _open(keys: Vault, import_id: UUID, number: int, first: int, sealed: bytes) -> bytes:
    places = enumerate(range(0, len(sealed), _SEALED_FRAME), first)
    return b"".join(
        keys.open_bytes(import_id, _field(number, index), sealed[at : at + _SEALED_FRAME])
        for index, at in places
    )


def _field(number: int, index: int) -> str:
    return f"import-part {number} {index}"


async def unseen(session: AsyncSession, import_id: UUID, keys: list[str]) -> set[str]:
    """Those of the keys that the file had not had before; from now on it has."""
    found = await session.scalars(_NOTE_KEYS, {"import_id": import_id, "keys": sorted(set(keys))})
    return set(found.all())


async def discard(session: AsyncSession, import_id: UUID) -> None:
    """Forget the file and its keys: what is left of an import is its report."""
    await session.execute(delete(PART).where(PART.c.import_id == import_id))
    await session.execute(delete(KEY).where(KEY.c.import_id == import_id))

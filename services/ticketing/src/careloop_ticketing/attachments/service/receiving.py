"""From bytes that come in to a file in the store of which it is known what it is."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar
from uuid import UUID

import structlog
from careloop_common import ids
from careloop_common.errors import BodyTooLarge, ServiceUnavailable
from careloop_common.runtime import Runtime

from careloop_ticketing.attachments.models import LooseFileRow
from careloop_ticketing.attachments.policy import limits, media
from careloop_ticketing.attachments.store import Draft, Store
from careloop_ticketing.settings import Settings

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Arrived:
    """A file that was taken in, and that no ticket has yet."""

    id: UUID
    media_type: str
    size: int
    sha256: str
    key: str
    store: Store
    attached: bool = False


@asynccontextmanager
async def receiving(
    runtime: Runtime[Settings], parts: AsyncIterable[bytes], *, claimed: str | None, now: datetime
) -> AsyncIterator[Arrived]:
    """The file that the parts make; gone again at the end, unless it was attached.

    That it is there is committed before it is: whatever becomes of this process, the sweep knows of the file.
    """
    file_id, store = ids.new_id(), Store.of(runtime)
    async with runtime.database.transaction() as session:
        session.add(LooseFileRow(id=file_id, since=now))
    arrived = None
    try:
        arrived = await _taken(store, file_id, parts, claimed)
        yield arrived
    finally:
        if arrived is None or not arrived.attached:
            with suppress(OSError):
                await asyncio.to_thread(store.remove, file_id)


async def _taken(store: Store, file_id: UUID, parts: AsyncIterable[bytes], claimed: str | None) -> Arrived:
    draft = await on_disk(store.draft, file_id)
    try:
        async for part in parts:
            if draft.writer.size + len(part) > limits.LARGEST:
                raise BodyTooLarge(f"A file may have {limits.LARGEST} bytes.")
            await on_disk(draft.writer.write, part)
        found = await on_disk(_finished, draft, claimed)
    finally:
        with suppress(OSError):  # Of a file that is complete, nothing is left to be written.
            await asyncio.to_thread(draft.close)
    return Arrived(file_id, found, draft.writer.size, draft.writer.sha256, draft.sealed_key, store)


def _finished(draft: Draft, claimed: str | None) -> str:
    return media.media_type(draft.finish(), claimed)


async def on_disk(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Do it in a thread; a disk that is full or gone is no error of the caller's."""
    try:
        return await asyncio.to_thread(work, *given, **named)
    except OSError as error:
        log.exception("attachment.not_stored")
        raise ServiceUnavailable("Files cannot be stored at the moment.", retry_after=30) from error

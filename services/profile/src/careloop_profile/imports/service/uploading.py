from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careloop_common import clock, ids, timers
from careloop_common.database import vault
from careloop_common.runtime import Runtime
from careloop_common.tokens import Actor
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_profile.imports.errors import FileTooLarge, ImportNotFound, ImportStarted, PartsMissing
from careloop_profile.imports.mapping import Mapping
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.service import parts

TIMER = "import"
FILENAME = "import-filename"
MAX_FILE = 2 << 30
MAX_PARTS = 10_000
_ABANDONED = timedelta(days=7)


async def open_import(
    session: AsyncSession,
    description: dict[str, Any],
    mapping: Mapping,
    *,
    filename: str,
    mapping_name: str | None,
    now: datetime,
    actor: Actor,
) -> ImportRow:
    """An import that waits for its file. The mapping is copied: changing it later changes no import.

    Files are named after people, too, so the name is sealed like what is in them.
    """
    import_id = ids.new_id()
    job = ImportRow(
        **description,
        id=import_id,
        filename_sealed=vault(session).seal(import_id, FILENAME, filename),
        state="uploading",
        mapping_name=mapping_name,
        mapping=mapping.model_dump(mode="json"),
        created_at=now,
        created_by=actor.id,
    )
    session.add(job)
    await session.flush()
    return job


async def get(session: AsyncSession, import_id: UUID, *, lock: bool = False) -> ImportRow:
    statement = select(ImportRow).where(col(ImportRow.id) == import_id)
    job = await session.scalar(statement.with_for_update() if lock else statement)
    if job is None:
        raise ImportNotFound(f"There is no import {import_id}.")
    return job


async def keep_part(session: AsyncSession, import_id: UUID, number: int, data: bytes) -> ImportRow:
    """Keep a part, in place of an earlier one of its number."""
    job = await get(session, import_id, lock=True)
    if job.state != "uploading":
        raise ImportStarted("The import was started; it takes no more parts.")
    await parts.keep(session, import_id, number, data)
    job.size = sum((await parts.sizes(session, import_id)).values())
    if job.size > MAX_FILE:
        raise FileTooLarge(f"A file may have {MAX_FILE} bytes.", limit=MAX_FILE)
    return job


async def start(session: AsyncSession, import_id: UUID, *, now: datetime) -> ImportRow:
    """Hand the file to the worker. Starting what is started is no error: the answer may have been lost."""
    job = await get(session, import_id, lock=True)
    if job.state != "uploading":
        return job
    numbers = list(await parts.sizes(session, import_id))
    if numbers != list(range(1, len(numbers) + 1)):
        raise PartsMissing("Parts must be numbered from 1 on without a gap.", parts=numbers[:100])
    if job.declared_size is not None and job.declared_size != job.size:
        raise PartsMissing(f"{job.size} of {job.declared_size} bytes are here.", received=job.size)
    job.state, job.started_at = "queued", now
    await timers.arm(session, kind=TIMER, owner_id=job.id, step="inspect", due_at=now)
    return job


async def forget_abandoned(runtime: Runtime[Any]) -> None:
    """Job: files that were uploaded and never started hold personal data for nobody."""
    async with runtime.database.transaction() as session:
        old = select(ImportRow).where(
            col(ImportRow.state) == "uploading", col(ImportRow.created_at) < clock.now() - _ABANDONED
        )
        for job in (await session.scalars(old.with_for_update(skip_locked=True))).all():
            await parts.discard(session, job.id)
            job.state, job.failure_code = "failed", "abandoned"
            job.failure_detail = "The import was not started within a week."

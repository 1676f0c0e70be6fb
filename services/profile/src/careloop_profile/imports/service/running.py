"""The worker's side: an import is a chain of timers, each one chunk of rows in one transaction with its checkpoint.

A worker that dies leaves the last committed chunk and an armed timer; whoever fires it goes on from there.
"""

import asyncio
from datetime import datetime

import structlog
from careloop_common import timers, zones
from careloop_common.privacy import Vault
from careloop_common.timers import DueTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.imports.mapping import Mapping
from careloop_profile.imports.metrics import ROWS
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.plan import Plan
from careloop_profile.imports.policy.quality import Column, Quality
from careloop_profile.imports.service import delimited, parts
from careloop_profile.imports.service.chunk import Chunk
from careloop_profile.imports.service.columnar import ParquetShelf
from careloop_profile.imports.service.rejects import keep_rejects
from careloop_profile.imports.service.tabular import TableRow, Unusable
from careloop_profile.imports.service.uploading import TIMER, get
from careloop_profile.imports.service.upserting import upsert

log = structlog.get_logger()

CHUNK = 1000
_GIVE_UP_AFTER = 5


class Importer:
    """Reads imports; one per worker process, since it keeps a Parquet file open."""

    def __init__(self, vault: Vault, timezone: str) -> None:
        self._vault, self._timezone = vault, timezone
        self._parquet = ParquetShelf()

    async def on_due(self, session: AsyncSession, timer: DueTimer, now: datetime) -> None:
        """The next step of an import."""
        job = await get(session, timer.owner_id, lock=True)
        if job.state not in {"queued", "running"}:
            return
        try:
            more = await self._step(session, job, timer.attempts, now)
        except Unusable as unusable:
            job.failure_code, job.failure_detail = unusable.code, unusable.detail
            more = False
        if more:
            step = f"row {job.rows_read}"
            await timers.arm(session, kind=TIMER, owner_id=job.id, step=step, due_at=now)
        else:
            await self._finish(session, job, now)
        await session.flush()

    async def _step(self, session: AsyncSession, job: ImportRow, attempts: int, now: datetime) -> bool:
        if attempts >= _GIVE_UP_AFTER:
            raise Unusable("internal_error", "Reading the file failed again and again; see the logs.")
        plan = Mapping.model_validate(job.mapping).plan()
        if job.state == "queued":
            await self._inspect(session, job, plan)
            return True
        assert job.dialect is not None
        rows = await self._read(session, job)
        await self._take(session, job, plan, rows, now)
        return len(rows) == CHUNK

    async def _inspect(self, session: AsyncSession, job: ImportRow, plan: Plan) -> None:
        if job.format == "parquet":
            header = await self._parquet.inspect(session, job)
        else:
            header = await delimited.inspect(session, job)
        if lacking := plan.missing_columns(header):
            raise Unusable(
                "missing_columns", f"The mapping needs columns that are not there: {lacking[:20]}."
            )
        job.dialect = {**(job.dialect or {}), "header": header}
        job.quality = Quality({name: Column() for name in header}).to_json()
        job.state = "running"

    async def _read(self, session: AsyncSession, job: ImportRow) -> list[TableRow]:
        if job.format == "parquet":
            return await self._parquet.next_rows(session, job, CHUNK)
        return await delimited.next_rows(session, job, CHUNK)

    async def _take(
        self, session: AsyncSession, job: ImportRow, plan: Plan, rows: list[TableRow], now: datetime
    ) -> None:
        """One chunk: read its rows, reject what cannot be taken, write the rest, move on."""
        assert job.dialect is not None
        assert job.started_at is not None
        quality = Quality.from_json(job.quality)
        today = zones.day_of(job.started_at, self._timezone)
        chunk = Chunk(plan, job.dialect["header"], quality, today=today)
        # Reading a thousand rows keeps a processor busy for a while; who shares the loop should not wait for it.
        await asyncio.to_thread(chunk.take_all, rows)
        fresh = await parts.unseen(session, job.id, [draft.external_id for _, draft in chunk.drafts])
        drafts = chunk.without_repeated(fresh)
        written = await upsert(session, self._vault, plan, drafts, job=job, now=now)
        for line, code in written.refused:
            chunk.refuse(line, code)
        await keep_rejects(session, self._vault, job.id, plan.source, chunk.rejects)
        job.rows_read += len(rows)
        job.rejected += chunk.rejected
        job.created += written.created
        job.updated += written.updated
        job.unchanged += written.unchanged
        job.quality = quality.to_json()
        ROWS.labels("accepted").inc(len(drafts) - len(written.refused))
        ROWS.labels("rejected").inc(chunk.rejected)

    async def _finish(self, session: AsyncSession, job: ImportRow, now: datetime) -> None:
        job.state = "failed" if job.failure_code else "completed"
        job.finished_at = now
        await parts.discard(session, job.id)
        self._parquet.close()
        log.info(
            "import.finished",
            import_id=str(job.id),
            state=job.state,
            rows=job.rows_read,
            rejected=job.rejected,
            failure=job.failure_code,
        )

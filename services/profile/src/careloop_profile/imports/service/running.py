"""The worker's side: an import is a chain of timers, each one chunk of rows in one transaction with its checkpoint.

A worker that dies leaves the last committed chunk and an armed timer; whoever fires it goes on from there.
"""

import asyncio
from datetime import datetime

import structlog
from careloop_common import ids, timers, zones
from careloop_common.privacy import Vault
from careloop_common.timers import DueTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.imports.mapping import Mapping
from careloop_profile.imports.metrics import ROWS
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.policy.plan import Plan
from careloop_profile.imports.policy.quality import Column, Quality
from careloop_profile.imports.service import delimited, parts, waiting
from careloop_profile.imports.service.chunk import Chunk
from careloop_profile.imports.service.columnar import ParquetShelf
from careloop_profile.imports.service.rejects import keep_rejects
from careloop_profile.imports.service.relating import SETTLING, Relater
from careloop_profile.imports.service.tabular import TableRow, Unusable
from careloop_profile.imports.service.uploading import TIMER, get
from careloop_profile.imports.service.upserting import upsert

log = structlog.get_logger()

CHUNK = 1000
_GIVE_UP_AFTER = 5
_READ = "read"
"""Under which a job says that its file is at its end, and only what waits is left."""


class Importer:
    """Reads imports; one per worker process, since it keeps a Parquet file open."""

    def __init__(self, vault: Vault, timezone: str, minors_under: int) -> None:
        self._vault, self._timezone = vault, timezone
        self._relater = Relater(vault, minors_under)
        self._parquet = ParquetShelf()

    async def on_due(self, session: AsyncSession, timer: DueTimer, now: datetime) -> None:
        """The next step of an import."""
        await presence.enter(session)
        job = await get(session, timer.owner_id, lock=True)
        if timer.step.startswith(SETTLING):
            await self._settle(session, job, timer.attempts, now)
            return
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
        elif job.failure_code is None and await waiting.call_all(session, job.id):
            job.dialect = {**(job.dialect or {}), _READ: True}
            await self._settle_later(session, job, now)
        else:
            await self._finish(session, job, now)
        await session.flush()

    async def _settle(self, session: AsyncSession, job: ImportRow, attempts: int, now: datetime) -> None:
        """What waited is tried again; when that was the last thing to do, the import is over."""
        today = zones.day_of(now, self._timezone)
        over = job.state == "running" and (job.dialect or {}).get(_READ, False)
        if attempts >= _GIVE_UP_AFTER:
            log.error("import.unsettled", import_id=str(job.id))
        elif await self._relater.settle(session, job, CHUNK, today=today, now=now):
            await self._settle_later(session, job, now)
            over = False
        if over:
            await self._finish(session, job, now)
        await session.flush()

    @staticmethod
    async def _settle_later(session: AsyncSession, job: ImportRow, now: datetime) -> None:
        step = f"{SETTLING} {ids.new_id()}"
        await timers.arm(session, kind=TIMER, owner_id=job.id, step=step, due_at=now)

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
        if plan.key is not None:
            await self._store(session, job, plan, chunk, now)
        said = [
            self._relater.heard(plan.source, today, line, one, cells)
            for line, one, cells in chunk.said_by_accepted()
        ]
        chunk.refuse_relations(await self._relater.take(session, job, said, today=today, now=now))
        await keep_rejects(session, self._vault, job.id, chunk.rejects)
        job.rows_read += len(rows)
        job.rejected += chunk.rejected
        job.quality = quality.to_json()
        ROWS.labels("accepted").inc(len(rows) - chunk.rejected)
        ROWS.labels("rejected").inc(chunk.rejected)

    async def _store(
        self, session: AsyncSession, job: ImportRow, plan: Plan, chunk: Chunk, now: datetime
    ) -> None:
        """Make the rows customers."""
        fresh = await parts.unseen(session, job.id, [draft.external_id for _, draft in chunk.drafts])
        drafts = chunk.without_repeated(fresh)
        written = await upsert(session, self._vault, plan, drafts, job=job, now=now)
        for line, code in written.refused:
            chunk.refuse(line, code)
        job.created += written.created
        job.updated += written.updated
        job.unchanged += written.unchanged

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

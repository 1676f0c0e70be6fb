"""Jobs: work that repeats, in one process at a time."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select

from careloop_common import clock, idempotency
from careloop_common.messaging.housekeeping import purge
from careloop_common.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """`run` every `every_seconds`, or sooner when it returns True: there was more to do.

    An advisory lock keeps a second process from running the same job at the same time; `exclusive=False` is for jobs
    that claim their rows with SKIP LOCKED themselves.
    """

    name: str
    every_seconds: float
    run: Callable[[Runtime[Any]], Awaitable[bool | None]]
    exclusive: bool = True


async def repeat(job: Job, runtime: Runtime[Any]) -> None:
    """Run `job` for ever; a failure is logged and tried again at the next turn."""
    while True:
        more = False
        try:
            more = bool(await (_alone(job, runtime) if job.exclusive else job.run(runtime)))
        except Exception:
            log.exception("job.failed", job=job.name)
        if not more:
            await asyncio.sleep(job.every_seconds)


async def _alone(job: Job, runtime: Runtime[Any]) -> bool | None:
    number = int.from_bytes(hashlib.sha256(f"job {job.name}".encode()).digest()[:8], signed=True)
    async with runtime.database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(select(func.pg_try_advisory_lock(number))):
            return None
        try:
            return await job.run(runtime)
        finally:
            await connection.execute(select(func.pg_advisory_unlock(number)))


async def _forget_answers(runtime: Runtime[Any]) -> None:
    async with runtime.database.transaction() as session:
        await idempotency.forget(session, now=clock.now(), hours=runtime.settings.idempotency_hours)


HOUSEKEEPING = (
    Job("forget idempotent answers", 600, _forget_answers),
    Job("forget old messages", 60, purge),
)

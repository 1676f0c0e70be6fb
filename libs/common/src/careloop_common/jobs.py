"""Jobs: work that repeats, in one process at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog

from careloop_common import clock, idempotency
from careloop_common.failures import is_transient
from careloop_common.messaging.housekeeping import purge
from careloop_common.observability import metrics
from careloop_common.runtime import Runtime

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """`run` every `every_seconds`, or sooner when it returns True: there was more to do.

    A second process does not run the same job at the same time; `exclusive=False` is for jobs that claim their rows with
    SKIP LOCKED themselves. Nobody waits for those in the `background`, so they may run in a process that yields to others.
    """

    name: str
    every_seconds: float
    run: Callable[[Runtime[Any]], Awaitable[bool | None]]
    exclusive: bool = True
    background: bool = False


async def repeat(job: Job, runtime: Runtime[Any]) -> None:
    """Run `job` for ever; a failure is logged and tried again at the next turn, one that passes without much ado."""
    while True:
        more = False
        try:
            more = bool(await (_alone(job, runtime) if job.exclusive else _turn(job, runtime)))
        except Exception as error:
            metrics.JOB_FAILED.labels(job.name).inc()
            if is_transient(error):
                log.warning("job.interrupted", job=job.name, error=str(error) or type(error).__name__)
            else:
                log.exception("job.failed", job=job.name)
        if not more:
            await asyncio.sleep(job.every_seconds)


async def _alone(job: Job, runtime: Runtime[Any]) -> bool | None:
    async with runtime.leadership.attempt(f"job {job.name}") as mine:
        return await _turn(job, runtime) if mine else None


async def _turn(job: Job, runtime: Runtime[Any]) -> bool | None:
    more = await job.run(runtime)
    metrics.JOB_DONE.labels(job.name).set(clock.now().timestamp())
    return more


async def _forget_answers(runtime: Runtime[Any]) -> None:
    async with runtime.database.transaction() as session:
        await idempotency.forget(session, now=clock.now(), hours=runtime.settings.idempotency_hours)


HOUSEKEEPING = (
    Job("forget idempotent answers", 600, _forget_answers),
    Job("forget old messages", 60, purge),
)

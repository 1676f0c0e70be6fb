"""What is done in the background: the begin of months and of new terms."""

from typing import Any

from careloop_common import clock
from careloop_common.jobs import Job
from careloop_common.runtime import Runtime

from careloop_profile.lifecycle import service
from careloop_profile.tags.service.evaluating import Evaluator


def jobs(evaluator: Evaluator) -> list[Job]:
    async def begin(runtime: Runtime[Any]) -> None:
        async with runtime.database.transaction() as session:
            await service.begin(session, now=clock.now())

    async def walk(runtime: Runtime[Any]) -> bool:
        async with runtime.database.transaction() as session:
            return await service.walk(session, evaluator, now=clock.now())

    return [Job("tiers of the month", 600, begin), Job("lifecycle of everybody", 30, walk)]

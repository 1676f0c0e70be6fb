"""What is done in the background: the begin of months and of new terms."""

from datetime import datetime
from typing import Any

from careloop_common import clock, zones
from careloop_common.jobs import Job
from careloop_common.runtime import Runtime

from careloop_profile.lifecycle import service
from careloop_profile.tags.service.evaluating import Evaluator


def jobs(evaluator: Evaluator) -> list[Job]:
    async def begin(runtime: Runtime[Any]) -> None:
        async with runtime.database.transaction() as session:
            await service.begin(session, now=_here(runtime))

    async def walk(runtime: Runtime[Any]) -> bool:
        async with runtime.database.transaction() as session:
            return await service.walk(session, evaluator, now=_here(runtime))

    return [Job("tiers of the month", 600, begin), Job("lifecycle of everybody", 30, walk)]


def _here(runtime: Runtime[Any]) -> datetime:
    """Months turn by the operator's clocks."""
    return zones.at(clock.now(), runtime.settings.timezone)

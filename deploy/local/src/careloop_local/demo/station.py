"""A station of the loop: a title and the work. What it finds is an `Outcome`; what stops it is a failure by name."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from careloop_local.client import Refused
from careloop_local.demo.journey import Journey
from careloop_local.demo.outcome import Outcome, Visit
from careloop_local.demo.report import Line
from careloop_local.errors import LocalError
from careloop_local.waiting import TooLate

Work = Callable[[Journey, Line, Outcome], Awaitable[None]]
FAILURES = (Refused, LocalError, TooLate, aiohttp.ClientError, asyncio.TimeoutError, KeyError, LookupError)


@dataclass(frozen=True, slots=True)
class Station:
    title: str
    work: Work

    async def visit(self, journey: Journey) -> Visit:
        """Do the work. A failure ends this station, and is told instead of raised."""
        line = journey.report.start(self.title)
        visit = Visit(self.title, Outcome(), 0.0)
        started = time.monotonic()
        try:
            await self.work(journey, line, visit.outcome)
        except* FAILURES as failures:
            visit.failure = "; ".join(_reasons(failures))
        visit.seconds = time.monotonic() - started
        line.close()
        journey.report.finish(visit)
        return visit


def _reasons(failures: BaseExceptionGroup[BaseException]) -> list[str]:
    found: list[str] = []
    for failure in failures.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            found += _reasons(failure)
        else:
            found.append(f"{type(failure).__name__}: {failure}")
    return list(dict.fromkeys(found))

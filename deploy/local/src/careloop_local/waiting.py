"""Waiting for others, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class TooLate(Exception):
    """What was waited for did not come in time."""


async def until(
    look: Callable[[], Awaitable[T | None]], seconds: float, what: str, *, every: float = 0.2
) -> T:
    """The first answer of `look` that is not None."""
    deadline = time.monotonic() + seconds
    while (found := await look()) is None:
        if time.monotonic() > deadline:
            raise TooLate(f"{what} did not happen within {seconds:.0f} s")
        await asyncio.sleep(every)
    return found


async def gather_limited(work: Sequence[Callable[[], Awaitable[None]]], width: int) -> None:
    """Do all of it, at most `width` at a time; the first failure ends the rest."""
    queue = iter(work)

    async def worker() -> None:
        for job in queue:
            await job()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(width, len(work))):
            group.create_task(worker())

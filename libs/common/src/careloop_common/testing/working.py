"""Running a worker inside a test, and waiting for what it does."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from careloop_common.worker import Worker

_POLL_SECONDS = 0.02


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Run `worker` inside the block; if it broke, the block ends with its exception."""
    running = asyncio.create_task(worker.run(), name="worker under test")
    try:
        yield
    finally:
        if not running.done():
            running.cancel()
        results = await asyncio.gather(running, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]


async def until(check: Callable[[], Any], timeout: float = 30.0) -> Any:  # noqa: ASYNC109
    """Call `check`, plain or async, until it gives something true; what it asserts may fail until then."""
    deadline = monotonic() + timeout
    failure: AssertionError | None = None
    while True:
        try:
            found = check()
            if inspect.isawaitable(found):
                found = await found
        except AssertionError as error:
            found, failure = None, error
        if found:
            return found
        if monotonic() > deadline:
            raise failure or AssertionError(f"not within {timeout} s; the last answer was {found!r}")
        await asyncio.sleep(_POLL_SECONDS)

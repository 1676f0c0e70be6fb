"""Keeping a cancellation that somebody else's code drops.

`asyncio.wait_for` before Python 3.12 returns the result when a cancellation arrives together with it, and the task goes on
as if nobody had asked it to stop. nats-py and aiosmtplib wait that way.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancellation_kept() -> Iterator[None]:
    """Raise CancelledError after the block if the task was cancelled in it and the block did not say so."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    yield
    if task and task.cancelling() > before:
        raise asyncio.CancelledError

import asyncio

import pytest
from careloop_common.cancellation import cancellation_kept


async def swallow(started):
    """What `wait_for` before Python 3.12 does when the result is there already."""
    started.set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return "result"


async def guarded(started):
    with cancellation_kept():
        return await swallow(started)


@pytest.mark.parametrize(("work", "stops"), [(swallow, False), (guarded, True)])
async def test_a_dropped_cancellation_is_raised_after_the_block(work, stops):
    started = asyncio.Event()
    task = asyncio.create_task(work(started))
    await started.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled() is stops


async def test_cleaning_up_after_a_cancellation_is_let_through():
    cleaned = []

    async def work(started):
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            with cancellation_kept():
                await asyncio.sleep(0)
            cleaned.append(True)

    started = asyncio.Event()
    task = asyncio.create_task(work(started))
    await started.wait()
    task.cancel()
    await asyncio.wait({task})
    assert cleaned == [True]

"""What jobs tell of themselves."""

import asyncio

import pytest
from careloop_common import clock
from careloop_common.jobs import Job, repeat
from prometheus_client import REGISTRY


async def test_a_job_counts_its_failures_and_says_when_it_was_last_done():
    turns = iter((RuntimeError("broken"), None, asyncio.CancelledError()))

    async def run(_):
        if (error := next(turns)) is not None:
            raise error

    def told(name):
        return REGISTRY.get_sample_value(name, {"job": "sometimes"})

    began = clock.now().timestamp()
    with pytest.raises(asyncio.CancelledError):
        await repeat(Job("sometimes", 0, run, exclusive=False), None)
    assert told("job_failures_total") == 1
    assert told("job_last_done_timestamp_seconds") >= began

"""A worker process is killed at random, again and again: every effect is there once, in order."""

import asyncio
import random
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from careloop_common import clock, ids, timers

KILLS = 3


@pytest.fixture
def worker_process(service_settings):
    """`async with worker_process() as process:` a worker in a process of its own; killed at the end of the block."""

    @asynccontextmanager
    async def start():
        settings = service_settings
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("victim.py")),
            settings.database_url.get_secret_value(),
            settings.nats_url,
            settings.internal_public_key,
            settings.data_keys.get_secret_value(),
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            await process.wait()

    return start


async def test_killed_workers_lose_nothing_and_repeat_nothing(
    runtime, worker_process, write, effects, eventually
):
    seed = random.SystemRandom().randrange(1_000_000)
    chance = random.Random(seed)
    aggregates = [ids.new_id() for _ in range(15)]
    owners = [ids.new_id() for _ in range(75 * KILLS)]
    for turn in range(KILLS):
        done_before = len(await effects.all())
        async with worker_process():
            for number in range(turn * 15, turn * 15 + 15):
                await asyncio.gather(*(write(aggregate, [number]) for aggregate in aggregates))
                async with runtime.database.transaction() as session:
                    for owner in owners[number * 5 : number * 5 + 5]:
                        due_at = clock.now() + timedelta(seconds=chance.random())
                        await timers.arm(session, kind="bell", owner_id=owner, step="7", due_at=due_at)
            goal = done_before + chance.randrange(10, 150)

            async def some_way_on(goal=goal):
                return len(await effects.all()) >= goal

            await eventually(some_way_on, timeout=30)
    async with worker_process():

        async def all_there():
            return len(await effects.all()) >= 15 * KILLS * len(aggregates) + len(owners)

        await eventually(all_there, timeout=60)
    seen = defaultdict(list)
    for aggregate, number in await effects.all():
        seen[aggregate].append(number)
    assert all(seen[aggregate] == list(range(15 * KILLS)) for aggregate in aggregates), f"seed {seed}"
    assert all(seen[owner] == [7] for owner in owners), f"seed {seed}"

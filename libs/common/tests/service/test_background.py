"""Jobs that nobody waits for, in the worker or apart from it."""

import asyncio

import pytest
from careloop_common.jobs import Job
from careloop_common.worker import Worker


class Turns:
    """Two jobs that say when they had a turn."""

    def __init__(self):
        self.prompt, self.background = asyncio.Event(), asyncio.Event()

    def jobs(self):
        async def soon(_):
            self.prompt.set()

        async def later(_):
            self.background.set()

        # A shorter interval gives the second a turn first, if it gets any.
        return [
            Job("prompt", 0.01, soon, exclusive=False),
            Job("later", 0.001, later, exclusive=False, background=True),
        ]


@pytest.fixture
def settings_here(runtime, monkeypatch):
    def put(where):
        monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"background": where}))

    return put


@pytest.mark.parametrize(("where", "done"), [("here", True), ("apart", False)])
async def test_a_worker_does_what_can_wait_unless_others_are_there_for_it(
    runtime, settings_here, where, done
):
    settings_here(where)
    turns = Turns()
    working = asyncio.create_task(Worker(runtime, jobs=list(reversed(turns.jobs()))).run())
    await turns.prompt.wait()
    assert turns.background.is_set() == done
    working.cancel()
    await asyncio.wait({working})


async def test_who_works_in_the_background_does_nothing_else(runtime, settings_here):
    settings_here("apart")
    turns = Turns()
    working = asyncio.create_task(Worker(runtime, jobs=turns.jobs()).run_background())
    await turns.background.wait()
    assert {task.get_name() for task in asyncio.all_tasks()} & {
        "job prompt",
        "job later",
        "relay",
        "timers",
    } == {"job later"}
    working.cancel()
    await asyncio.wait({working})


async def test_who_finds_nothing_to_do_in_the_background_stays(runtime):
    working = asyncio.create_task(Worker(runtime).run_background())
    done, _ = await asyncio.wait({working}, timeout=0.1)
    assert not done
    working.cancel()
    await asyncio.wait({working})

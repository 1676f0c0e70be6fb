from typing import Any

from careloop_common import clock
from careloop_common.runtime import Runtime

from careloop_ticketing.dispatch.service import dispatching
from careloop_ticketing.dispatch.service.dispatching import Walk


class Dispatcher:
    """The job that serves the line, with what it remembers from one turn to the next."""

    def __init__(self) -> None:
        self._walk = Walk()

    async def turn(self, runtime: Runtime[Any]) -> bool:
        """Give one batch; True if there are more to look at."""
        began = clock.now()
        async with runtime.database.transaction() as session:
            placed = await dispatching.dispatch(session, self._walk, now=began)
        ended = clock.now()
        self._walk.tick(ended - began, placed, ended)
        return self._walk.under_way


async def hand_over(runtime: Runtime[Any]) -> bool:
    """The job that takes back what people hold who are not there any more."""
    async with runtime.database.transaction() as session:
        return await dispatching.hand_over(session, now=clock.now())

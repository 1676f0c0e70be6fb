"""Counting what was stored, in turn: who comes first, how many together, and how long the others have the machine in between.

Whoever is looked at has tags and history made anew. That takes longer than to store what happened, so in a flood those come
first for whom something new follows, and all wait for each other as little as possible.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from careloop_common import clock
from careloop_common.failures import is_transient
from careloop_common.runtime import Runtime

from careloop_profile.customers import presence
from careloop_profile.tags import metrics
from careloop_profile.tags.queries import buckets, facts
from careloop_profile.tags.service.evaluating import TOGETHER, Evaluator, Parts

TURN: Final = 1_000
"""Customers of whom is counted what waits until it is asked again who comes next; more, where very much waits."""
PARTS: Final = 4
FEWEST: Final = 200
"""They are counted in so many parts, none of fewer customers."""
AT_ONCE: Final = 120
"""Customers to whom something new happened are counted so many together: who comes meanwhile waits for no more."""
AHEAD: Final = 3 * AT_ONCE
"""For so many it is asked at once who comes next."""
LASTING: Final = 0.5
WORTH: Final = 10
"""Seconds for which that holds, for who came meanwhile may come first; or so many times what it took to find out, if that
is more."""
ROUNDS: Final = 5
"""So often they go first, until there is a part of the others."""
MOST: Final = 100_000
"""Interactions that are counted in one transaction, but for those of a single customer."""
IN_HASTE: Final = 0.5
AT_LEISURE: Final = 2.0
"""For how long, in terms of the work before, those have the machine who store what happens: after those of whom there was
something new, and after those to whom happened what had happened already."""
SWEPT: Final = 50_000
"""Interactions that were counted until what is left of them is swept away."""
QUIET: Final = timedelta(seconds=20)
"""To whom something happens is told at the next look; others are waited for no longer than that."""


class Counting:
    """Counts what waits, and has looked at whom it concerns."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._swept = 0

    async def count(self, runtime: Runtime[Any]) -> bool:
        """Count what was stored since of whose turn it is, and look at whom it concerns; whether there may be more."""
        async with runtime.database.transaction() as session:
            turn = await buckets.waiting(session, TURN)
        metrics.NEWS.set(turn.news)
        several = len(turn.waiting) >= FEWEST
        failure: Exception | None = None
        for part in turn.parts(max(len(turn.waiting) // PARTS, FEWEST), MOST):
            rest = 0.0
            if several:
                crowded, before = await self._count_novel(runtime)
                failure = before or failure
                rest = IN_HASTE if crowded else AT_LEISURE
            failure = await self._count_and_rest(runtime, part, rest) or failure
        if failure:  # now that the others had their turn: those whom it concerns come first again
            raise failure
        return several

    async def _count_novel(self, runtime: Runtime[Any]) -> tuple[bool, Exception | None]:
        """Count first of whom there is something that the day did not have: the others wait, but not for ever. Returns
        whether there are more of them, and what was in the way."""
        failure: Exception | None = None
        for _ in range(ROUNDS):
            asked = monotonic()
            async with runtime.database.transaction() as session:
                turn = await buckets.novel(session, AHEAD)
            until = monotonic() + max(LASTING, (monotonic() - asked) * WORTH)
            for part in turn.parts(AT_ONCE, MOST):
                failure = await self._count_and_rest(runtime, part, IN_HASTE) or failure
                if monotonic() > until:
                    break
            if len(turn.waiting) < AT_ONCE:
                return False, failure
        return True, failure

    async def _count_and_rest(
        self, runtime: Runtime[Any], customers: Sequence[UUID], rest: float
    ) -> Exception | None:
        began = monotonic()
        failure = await _apart(partial(self._count, runtime), customers)
        await asyncio.sleep(min(1.0, (monotonic() - began) * rest))
        return failure

    async def _count(self, runtime: Runtime[Any], customers: Sequence[UUID]) -> None:
        now = clock.now()
        async with runtime.database.transaction() as session:
            await presence.enter(session)
            counted = await buckets.fold(session, customers, now)
            news = sum(fresh.news for fresh in counted.values())
            if counted:
                await self._evaluator.look_at_all(
                    session, set(counted), Parts.DONE, "interaction", counted=counted, now=now
                )
        self._swept += news
        if self._swept >= SWEPT:
            self._swept = 0
            async with runtime.database.outside() as connection:
                await buckets.sweep(connection)

    async def tell(self, runtime: Runtime[Any]) -> None:
        """Tell of all to whom nothing happened since that counted numbers moved."""
        now, last = clock.now(), None
        failure: Exception | None = None
        while True:
            async with runtime.database.transaction() as session:
                quiet = await facts.to_be_told(session, now - QUIET, last, TOGETHER)
            if not quiet:
                break
            failure = await _apart(partial(self._tell, runtime, now), [one for _, one in quiet]) or failure
            last = quiet[-1]
        if failure:
            raise failure

    async def _tell(self, runtime: Runtime[Any], now: datetime, persons: Sequence[UUID]) -> None:
        async with runtime.database.transaction() as session:
            await self._evaluator.look_at_all(session, set(persons), Parts.NONE, "interaction", now=now)


async def _apart(do: Callable[[Sequence[UUID]], Awaitable[None]], ids: Sequence[UUID]) -> Exception | None:
    """Do it of these, and where one of them is in the way of the others without it; returns what was in the way."""
    try:
        await do(ids)
    except Exception as error:  # noqa: BLE001  (whoever asked raises it)
        if len(ids) == 1 or is_transient(error):
            return error
    else:
        return None
    half = len(ids) // 2
    first = await _apart(do, ids[:half])
    return await _apart(do, ids[half:]) or first

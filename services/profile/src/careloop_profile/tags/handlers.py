"""What makes people be looked at again: customers, interactions, scores, timers; and what is done in the background."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final
from uuid import UUID

from careloop_common import clock, zones
from careloop_common.failures import is_transient
from careloop_common.jobs import Job
from careloop_common.messaging.subscription import Delivery, Subscription, on_batch
from careloop_common.runtime import Runtime
from careloop_common.timers import DueTimer, InBatches, in_batches
from careloop_contracts import (
    CustomerMergedV1,
    CustomerRegisteredV1,
    CustomerUnmergedV1,
    CustomerUpdatedV1,
    ScoreChangedV1,
)
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.tags import metrics
from careloop_profile.tags.queries import buckets, facts
from careloop_profile.tags.queries.buckets import Fresh
from careloop_profile.tags.service import filling, giving, recording, shipping, walking
from careloop_profile.tags.service.evaluating import Evaluator, Parts
from careloop_profile.tags.service.gathering import LONGEST
from careloop_profile.tags.service.judging import TIME

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
TOGETHER: Final = 250
"""Persons that are looked at together; others wait for so long."""


class Listener:
    """Passes on what happened to who looks at persons."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._swept = 0

    async def on_customers(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids = {delivery.event.customer_id for delivery in deliveries}
        await self._look(session, ids, Parts.SAID, "customer", deliveries[-1].meta.now)

    async def on_persons(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids: set[UUID] = set()
        for delivery in deliveries:
            event = delivery.event
            parts = [event.customers] if isinstance(event, CustomerMergedV1) else event.parts
            ids.update(one for part in parts for one in part)
        await self._look(session, ids, Parts.BOTH, "person", deliveries[-1].meta.now)

    async def on_scores(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        said = [
            (event.customer_id, code, value)
            for event in (delivery.event for delivery in deliveries)
            for code, value in (
                ("churn_probability", event.churn_probability),
                ("churn_band", event.churn_band),
                ("rfm_segment", event.rfm_segment),
                ("value_quadrant", event.tier),
            )
            if value is not None
        ]
        now = deliveries[-1].meta.now
        await giving.score(session, self._evaluator, said, now=now, by="scoring")

    async def on_due(self, session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
        await self._look(session, {timer.owner_id for timer in due}, Parts.BOTH, TIME, now)

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
                await self._look(session, set(counted), Parts.DONE, "interaction", now, counted)
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
            await self._look(session, set(persons), Parts.NONE, "interaction", now)

    async def walk(self, runtime: Runtime[Any]) -> bool:
        """Look at the next of those who were there before there were tags; whether there may be more."""
        async with runtime.database.transaction() as session:
            return await walking.walk(session, self._evaluator, now=clock.now())

    async def _look(
        self,
        session: AsyncSession,
        ids: AbstractSet[UUID],
        parts: Parts,
        kind: str,
        now: datetime,
        counted: dict[UUID, Fresh] | None = None,
    ) -> None:
        ordered = sorted(ids)
        changed = 0
        if len(ordered) > TOGETHER:
            await self._evaluator.reserve(session, ordered)
        for first in range(0, len(ordered), TOGETHER):
            part = ordered[first : first + TOGETHER]
            changed += await self._evaluator.look(
                session, part, parts, {"kind": kind}, counted=counted, now=now
            )
        metrics.LOOKED.labels(kind).inc(len(ids))
        metrics.CHANGED.labels(kind).inc(changed)


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


async def install(runtime: Runtime[Any]) -> None:
    """Put the tags in force that come with the platform."""
    async with runtime.database.transaction() as session:
        await shipping.install(session, now=clock.now())


async def fill(runtime: Runtime[Any]) -> bool:
    """Take one step with each version on its way in or out; whether there may be more."""
    more, timezone = False, runtime.settings.timezone
    for step in (filling.fill, recording.record, filling.sweep):
        async with runtime.database.transaction() as session:
            more = await step(session, now=zones.at(clock.now(), timezone)) or more
    return more


async def forget(runtime: Runtime[Any]) -> bool:
    """Keep of days that no rule asks for only the sums."""
    async with runtime.database.transaction() as session:
        await presence.enter(session)
        gone = await buckets.forget(session, clock.now() - LONGEST, filling.CHUNK)
    return gone == filling.CHUNK


def subscriptions(evaluator: Evaluator) -> list[Subscription]:
    listener = Listener(evaluator)
    return [
        Subscription(
            entity="customer",
            durable="tag-customers",
            handlers=[
                on_batch((CustomerRegisteredV1, CustomerUpdatedV1), listener.on_customers),
                on_batch((CustomerMergedV1, CustomerUnmergedV1), listener.on_persons),
            ],
        ),
        Subscription(
            entity="score", durable="tag-scores", handlers=[on_batch((ScoreChangedV1,), listener.on_scores)]
        ),
    ]


def timer(evaluator: Evaluator) -> InBatches:
    return in_batches(Listener(evaluator).on_due)


def jobs(evaluator: Evaluator) -> list[Job]:
    listener = Listener(evaluator)
    return [
        Job("tags that come with the platform", 3600, install),
        Job("counts by the day", 0.5, listener.count),
        Job("steps of counted numbers", 10, listener.tell),
        Job("versions of tags", 2, fill),
        Job("first look at everybody", 30, listener.walk),
        Job("old counts", 3600, forget),
    ]

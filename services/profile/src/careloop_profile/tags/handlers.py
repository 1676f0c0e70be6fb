"""What makes people be looked at again: customers, interactions, scores, timers; and what is done in the background."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import clock, zones
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
from careloop_profile.tags.queries import buckets
from careloop_profile.tags.service import filling, giving, recording, shipping, walking
from careloop_profile.tags.service.counting import Counting
from careloop_profile.tags.service.evaluating import Evaluator, Parts
from careloop_profile.tags.service.gathering import LONGEST
from careloop_profile.tags.service.judging import TIME


class Listener:
    """Passes on what happened to who looks at persons."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    async def on_customers(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids = {delivery.event.customer_id for delivery in deliveries}
        await self._evaluator.look_at_all(session, ids, Parts.SAID, "customer", now=deliveries[-1].meta.now)

    async def on_persons(self, session: AsyncSession, deliveries: Sequence[Delivery]) -> None:
        ids: set[UUID] = set()
        for delivery in deliveries:
            event = delivery.event
            parts = [event.customers] if isinstance(event, CustomerMergedV1) else event.parts
            ids.update(one for part in parts for one in part)
        await self._evaluator.look_at_all(session, ids, Parts.BOTH, "person", now=deliveries[-1].meta.now)

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
        await self._evaluator.look_at_all(
            session, {timer.owner_id for timer in due}, Parts.BOTH, TIME, now=now
        )

    async def walk(self, runtime: Runtime[Any]) -> bool:
        """Look at the next of those who were there before there were tags; whether there may be more."""
        async with runtime.database.transaction() as session:
            return await walking.walk(session, self._evaluator, now=clock.now())


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
    listener, counting = Listener(evaluator), Counting(evaluator)
    return [
        Job("tags that come with the platform", 3600, install),
        Job("counts by the day", 0.5, counting.count),
        Job("steps of counted numbers", 10, counting.tell),
        Job("versions of tags", 2, fill),
        Job("first look at everybody", 30, listener.walk),
        Job("old counts", 3600, forget),
    ]

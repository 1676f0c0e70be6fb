"""The worker: everything of a service that is not answering HTTP. The relay is always part of it; what nobody waits for can
be left to processes of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from careloop_common.jobs import HOUSEKEEPING, Job, repeat
from careloop_common.messaging.consumer import Consumer
from careloop_common.messaging.relay import Relay
from careloop_common.messaging.subscription import RawSubscription, Subscription
from careloop_common.runtime import Runtime
from careloop_common.timers import TimerHandler, TimerWorker


class Worker:
    """Relay, consumers, timers and jobs of one service, in one task group."""

    def __init__(
        self,
        runtime: Runtime[Any],
        *,
        subscriptions: Sequence[Subscription | RawSubscription] = (),
        timers: Mapping[str, TimerHandler] | None = None,
        jobs: Sequence[Job] = (),
    ) -> None:
        self.runtime = runtime
        self.subscriptions = subscriptions
        self.timers = dict(timers or {})
        self.jobs = jobs

    async def run(self) -> None:
        """Work until cancelled. What breaks for good ends the process, so that its supervisor sees it."""
        apart = self.runtime.settings.background == "apart"
        async with asyncio.TaskGroup() as group:
            group.create_task(Relay(self.runtime).run(), name="relay")
            for subscription in self.subscriptions:
                group.create_task(
                    Consumer(self.runtime, subscription).run(), name=f"consumer {subscription.durable}"
                )
            group.create_task(TimerWorker(self.runtime, self.timers).run(), name="timers")
            for job in (*self.jobs, *HOUSEKEEPING):
                if not (job.background and apart):
                    group.create_task(repeat(job, self.runtime), name=f"job {job.name}")

    async def run_background(self) -> None:
        """Do only what workers leave to processes of its own, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for job in self.jobs:
                if job.background:
                    group.create_task(repeat(job, self.runtime), name=f"job {job.name}")
            # Also where there is none: who is started stays until told to end.
            await asyncio.Event().wait()

"""Sending what waits: each subscriber has a lane of its own, so that one who does not answer keeps nobody else waiting.

A lane has room for a few notifications, each about another ticket, for one while the subscriber fails, and for none while
its circuit is open. What is to be sent is claimed, sent without a transaction, and then marked. A process that dies in
between leaves it claimed for a while, and it is sent again: a subscriber knows it by its eventId.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from careloop_common import clock
from careloop_common.errors import SealBroken
from careloop_common.runtime import Runtime

from careloop_ticketing.settings import Settings
from careloop_ticketing.tmf621 import ledger, metrics
from careloop_ticketing.tmf621.models import DeliveryRow, NotificationRow, SubscriptionRow
from careloop_ticketing.tmf621.policy import notifying
from careloop_ticketing.tmf621.policy.notifying import DeliveryState
from careloop_ticketing.tmf621.sending import Sender
from careloop_ticketing.tmf621.service import subscribing, telling

log = structlog.get_logger()
_MARGIN: Final = timedelta(seconds=30)
"""How much longer than an attempt may take a notification stays claimed."""
_PLAIN: Final = b"{"
"""How a body begins that was written before bodies were sealed."""


@dataclass(frozen=True, slots=True)
class Errand:
    delivery: DeliveryRow
    told: NotificationRow
    to: SubscriptionRow


class Courier:
    """Starts errands and marks what became of them, one transaction at a time; only the errands are many at once."""

    def __init__(self, runtime: Runtime[Settings], sender: Sender) -> None:
        self._runtime = runtime
        self._sender = sender
        self._under_way: dict[asyncio.Task[str | None], Errand] = {}

    async def run(self) -> None:
        """Until nothing is under way and there is nothing to start."""
        try:
            async with asyncio.TaskGroup() as group:
                while await self._step(group):
                    pass
        finally:
            if self._under_way:
                await self._give_back()

    async def _step(self, group: asyncio.TaskGroup) -> bool:
        for errand in await self._due():
            self._under_way[group.create_task(self._carry(errand))] = errand
        if not self._under_way:
            return False
        seconds = self._runtime.settings.hub_seconds
        done, _ = await asyncio.wait(self._under_way, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if done:
            await self._mark([(self._under_way[task], task.result()) for task in done])
        for task in done:
            del self._under_way[task]
        return True

    async def _give_back(self) -> None:
        """Whoever goes on, here or elsewhere, need not wait for the claims of one that was stopped."""
        held = [errand.delivery.id for errand in self._under_way.values()]
        self._under_way.clear()
        try:
            async with self._runtime.database.transaction() as session:
                await ledger.let_go(session, held, now=clock.now())
        except Exception:
            log.exception("tmf621.claims_kept")

    async def _due(self) -> list[Errand]:
        now = clock.now()
        until = now + timedelta(seconds=self._runtime.settings.hub_timeout_seconds) + _MARGIN
        busy = Counter(errand.to.id for errand in self._under_way.values())
        found = []
        async with self._runtime.database.transaction() as session:
            lanes = {one.id: one for one in await ledger.lanes(session)}
            for room, ids in _by_room(lanes.values(), busy, now).items():
                for delivery, told in await ledger.claim(session, ids, each=room, now=now, until=until):
                    found.append(Errand(delivery, told, lanes[delivery.subscription_id]))
        return found

    async def _carry(self, errand: Errand) -> str | None:
        """Why it failed; None if the subscriber took it."""
        told, to = errand.told, errand.to
        try:
            secret = self._runtime.vault.open(to.id, subscribing.SEALED_AS, to.secret)
            body = told.body
            if not body.startswith(_PLAIN):
                body = self._runtime.vault.open_bytes(told.id, telling.SEALED_AS, body)
        except SealBroken:
            # Its key has left the ring: that is no reason to keep the others waiting.
            return "secret or body cannot be opened"
        try:
            return await self._sender.send(to.callback, told.event_type, told.event_id, body, secret)
        except Exception:
            log.exception("tmf621.send_failed", subscription_id=str(to.id))
            return "failed here"

    async def _mark(self, ended: Sequence[tuple[Errand, str | None]]) -> None:
        now, first = clock.now(), self._runtime.settings.hub_retry_seconds
        lanes = {errand.to.id for errand, _ in ended}
        numbers = [errand.delivery.id for errand, _ in ended if errand.delivery.id is not None]
        async with self._runtime.database.transaction() as session:
            subscriptions, deliveries = await ledger.marking(session, lanes, numbers)
            for errand, failure in ended:
                # The subscription may have been ended meanwhile, and its notifications with it.
                if stored := deliveries.get(errand.delivery.id):
                    _settle(stored, errand.told, failure, now, first)
                if subscription := subscriptions.get(errand.to.id):
                    _judge(subscription, failure, now, first)


def _by_room(lanes: Iterable[SubscriptionRow], busy: Counter[UUID], now: datetime) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = {}
    for lane in lanes:
        if room := lane.circuit.room(busy[lane.id], now):
            found.setdefault(room, []).append(lane.id)
    return found


def _settle(
    delivery: DeliveryRow, told: NotificationRow, failure: str | None, now: datetime, first: float
) -> None:
    delivery.attempts += 1
    delivery.error = failure
    if failure is None:
        delivery.state, delivery.ended_at = DeliveryState.DELIVERED, now
        metrics.DELIVERED.inc()
        return
    metrics.FAILED.inc()
    again = notifying.next_attempt(delivery.attempts, first=first, now=now, until=delivery.give_up_at)
    if again is not None:
        delivery.next_at = again
        return
    delivery.state, delivery.ended_at = DeliveryState.GIVEN_UP, now
    metrics.GIVEN_UP.inc()
    log.error(
        "tmf621.notification_given_up",
        subscription_id=str(delivery.subscription_id),
        event_id=str(told.event_id),
        error=failure,
    )


def _judge(subscription: SubscriptionRow, failure: str | None, now: datetime, first: float) -> None:
    before = subscription.circuit
    after = before.after(delivered=failure is None, now=now, first=first)
    subscription.failures, subscription.open_until = after.failures, after.open_until
    if (before.open_until is None) != (after.open_until is None):
        event = "tmf621.circuit_closed" if failure is None else "tmf621.circuit_opened"
        log.warning(event, subscription_id=str(subscription.id), error=failure)

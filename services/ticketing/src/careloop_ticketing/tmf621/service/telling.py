"""From changes of tickets to notifications that wait to be sent.

A change is told of once for all subscribers of a version. Nothing here grows with the length of a life, and between two
notifications others get their turn: clocks run in the same process.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids
from careloop_common.database import vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.models import NotificationRow, SubscriptionRow
from careloop_ticketing.tmf621.policy import excerpts, notifying
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.notifying import GIVE_UP_AFTER, EventType, Step
from careloop_ticketing.tmf621.service import following
from careloop_ticketing.tmf621.service.following import Life
from careloop_ticketing.tmf621.views import instant, lasting, moving

SEALED_AS: Final = "tmf621 notification"
_CHANGES: Final = 100
_DELIVERIES: Final = 2_000
"""So many are written in one transaction."""


async def write_due(session: AsyncSession, public_url: str, *, now: datetime) -> int:
    """Write the notifications of the oldest changes, and forget these; returns how many changes there were."""
    found = await ledger.next_changes(session, limit=_CHANGES)
    if not found:
        return 0
    subscribers = await ledger.subscriptions(session)
    found = found[: max(1, _DELIVERIES // max(1, len(subscribers)))]
    if subscribers:
        audience = Audience.of(subscribers)
        deliveries: list[dict[str, Any]] = []
        for life in await following.lives(session, found):
            async for notification, receivers in _notifications(session, life, audience, public_url, now):
                session.add(notification)
                about = {"notification_id": notification.id, "ticket_id": life.seen.ticket.id}
                deliveries += [about | {"subscription_id": one.id} for one in receivers]
        await session.flush()
        await ledger.write_deliveries(session, deliveries, now=now, give_up_at=now + GIVE_UP_AFTER)
    await ledger.forget_changes(session, [one.id for one in found])
    return len(found)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who wants what, in which version."""

    by_version: Mapping[int, Sequence[tuple[SubscriptionRow, frozenset[EventType]]]]

    @classmethod
    def of(cls, subscribers: Sequence[SubscriptionRow]) -> "Audience":
        found: dict[int, list[tuple[SubscriptionRow, frozenset[EventType]]]] = {}
        for one in subscribers:
            found.setdefault(one.version, []).append((one, notifying.wanted_types(one.query)))
        return cls(found)

    def receivers(self, version: int, event: EventType, at: datetime) -> list[SubscriptionRow]:
        return [one for one, wanted in self.by_version[version] if event in wanted and one.created_at <= at]


async def _notifications(
    session: AsyncSession, life: Life, audience: Audience, public_url: str, now: datetime
) -> AsyncIterator[tuple[NotificationRow, list[SubscriptionRow]]]:
    """In the order of the steps, each with those who get it."""
    faces = [Face(version, public_url) for version in audience.by_version]
    cut = {face: excerpts.attributes(lasting(life.seen, face)) for face in faces}
    for step in life.steps():
        for face in faces:
            for event in step.events:
                if receivers := audience.receivers(face.version, event, step.at):
                    identity = notifying.event_id(life.seen.ticket.id, step.seq, event)
                    body = _body(life, step, event, identity, face, *cut[face])
                    yield _row(session, body, event, identity, now), receivers
                    await asyncio.sleep(0)


def _body(
    life: Life,
    step: Step,
    event: EventType,
    identity: UUID,
    face: Face,
    attributes: dict[str, Any],
    left_out: list[str],
) -> dict[str, Any]:
    """The status is that of the step; other attributes may be newer, as for anyone who reads the ticket then."""
    statuses = life.until(step.seq)[-excerpts.STATUSES :]
    shown = attributes | moving(statuses, life.written(step, face), step.at, face)
    at = str(instant(step.at))
    return notifying.body(face.version, event, identity, at, shown, left_out=left_out)


def _row(
    session: AsyncSession, body: dict[str, Any], event: EventType, event_id: UUID, now: datetime
) -> NotificationRow:
    own = ids.new_id()
    sealed = vault(session).seal_bytes(own, SEALED_AS, json.dumps(body, ensure_ascii=False).encode())
    return NotificationRow(id=own, event_id=event_id, event_type=event, body=sealed, created_at=now)

"""From changes of tickets to notifications that wait to be sent."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.models import DeliveryRow, SubscriptionRow
from careloop_ticketing.tmf621.policy import notifying
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.service import reading
from careloop_ticketing.tmf621.views import Seen, changes, instant, view


async def write_due(session: AsyncSession, public_url: str, *, now: datetime, limit: int = 200) -> int:
    """Write the notifications of the oldest changes, and forget these; returns how many changes there were."""
    found = await ledger.next_changes(session, limit=limit)
    if not found:
        return 0
    subscribers = await ledger.subscriptions(session)
    seen: Mapping[UUID, Seen] = {}
    if subscribers:
        rows = [await tickets.get(session, ticket_id) for ticket_id in {one.ticket_id for one in found}]
        seen = {one.ticket.id: one for one in await reading.see_all(session, rows)}
    for change in found:
        for subscriber in subscribers:
            session.add_all(_deliveries(seen[change.ticket_id], change.seq, subscriber, public_url, now))
    await ledger.forget_changes(session, [one.id for one in found])
    return len(found)


def _deliveries(
    seen: Seen, seq: int, subscriber: SubscriptionRow, public_url: str, now: datetime
) -> list[DeliveryRow]:
    """The status is that of the step; other attributes may be newer, as for anyone who reads the ticket then."""
    then = replace(seen, history=seen.history[:seq])
    entry = then.history[-1]
    before = changes(replace(seen, history=seen.history[: seq - 1]))
    events = notifying.events_of(
        entry.fact, seq, before[-1].status if before else None, changes(then)[-1].status
    )
    wanted = notifying.wanted_types(subscriber.query)
    shown = view(then, Face(subscriber.version, public_url))
    found = []
    for event in events:
        if event not in wanted or subscriber.created_at > entry.at:
            continue
        identity = notifying.event_id(seen.ticket.id, seq, event)
        body = notifying.body(subscriber.version, event, identity, str(instant(entry.at)), shown)
        found.append(
            DeliveryRow(
                subscription_id=subscriber.id,
                ticket_id=seen.ticket.id,
                event_id=identity,
                event_type=event,
                body=json.dumps(body, ensure_ascii=False),
                next_at=now,
                created_at=now,
            )
        )
    return found

"""Subscriptions to notifications. The secret that signs them is told once, when the subscription is made."""

import secrets
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.tmf621 import ledger
from careloop_ticketing.tmf621.errors import AttributeNotWritable, HubNotFound, TooManyHubs
from careloop_ticketing.tmf621.models import SubscriptionRow
from careloop_ticketing.tmf621.policy import callbacks, notifying
from careloop_ticketing.tmf621.policy.addresses import Network
from careloop_ticketing.tmf621.policy.documents import HUBS
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.notifying import DeliveryState
from careloop_ticketing.tmf621.service.checking import check
from careloop_ticketing.tmf621.views import instant

SEALED_AS: Final = "tmf621 subscription"
OPERATE: Final = "hubs:operate"
MOST: Final = 50
"""Subscriptions of one caller."""
Document = dict[str, Any]


async def subscribe(
    session: AsyncSession,
    face: Face,
    document: Document,
    *,
    allowed: tuple[Network, ...],
    vault: Vault,
    actor: Actor,
    now: datetime,
) -> Document:
    check(document, HUBS[face.version])
    if "id" in document:
        raise AttributeNotWritable("id is given by the system.", pointer="/id")
    notifying.wanted_types(document.get("query"))
    if await ledger.made_by(session, actor.id) >= MOST:
        raise TooManyHubs(f"There are {MOST} subscriptions already.", limit=MOST)
    secret, identity = secrets.token_urlsafe(32), ids.new_id()
    row = SubscriptionRow(
        id=identity,
        version=face.version,
        callback=callbacks.check(document["callback"], allowed),
        query=document.get("query"),
        secret=vault.seal(identity, SEALED_AS, secret),
        created_by=actor.id,
        created_at=now,
    )
    session.add(row)
    return {**_view(row, face), "secret": secret}


async def find(
    session: AsyncSession, face: Face, given: str, *, actor: Actor, lock: bool = False
) -> SubscriptionRow:
    """The caller's own, or anybody's for an operator: to others it is not there."""
    try:
        found = await session.get(SubscriptionRow, UUID(given), with_for_update=lock or None)
    except ValueError:
        found = None
    theirs = found is not None and (found.created_by == actor.id or actor.may(OPERATE))
    if found is None or not theirs or found.version != face.version:
        raise HubNotFound(f"There is no subscription {given[:40]!r}.")
    return found


async def show(session: AsyncSession, face: Face, given: str, *, actor: Actor, now: datetime) -> Document:
    """The subscription, how it does, and how far its notifications got."""
    row = await find(session, face, given, actor=actor)
    counts = (await ledger.standings(session, [row.id]))[row.id].counts
    failure = await ledger.last_error(session, row.id)
    names = {
        DeliveryState.WAITING: "waiting",
        DeliveryState.DELIVERED: "delivered",
        DeliveryState.GIVEN_UP: "givenUp",
    }
    said: Document = {"state": row.state(now).value}
    said |= {name: counts.get(state, 0) for state, name in names.items()}
    if failure is not None:
        said["lastError"] = failure
    return {**_view(row, face), "deliveries": said}


async def unsubscribe(session: AsyncSession, face: Face, given: str, *, actor: Actor) -> None:
    row = await find(session, face, given, actor=actor, lock=True)
    await ledger.forget_deliveries(session, row.id)
    await session.delete(row)


def _view(row: SubscriptionRow, face: Face) -> Document:
    found = {"id": str(row.id), "callback": row.callback}
    if row.query is not None:
        found["query"] = row.query
    if face.version == 5:
        found |= {"@type": "Hub", "href": face.href("hub", row.id), "createdAt": str(instant(row.created_at))}
    return found

"""Writing customers: set-based, so that one customer and a thousand take the same few statements.

Only what differs between `before` and `after` is written; a change that changes nothing leaves no trace.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import outbox, timers
from careloop_common.timers import NewTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.service import note
from careloop_profile.customers import blocks, events, policy, queries
from careloop_profile.customers.policy import Customer, Joined
from careloop_profile.customers.queries import Kinship
from careloop_profile.customers.service import writing
from careloop_profile.customers.service.writing import Change

CONSENT_EXPIRY: Final = "consent_expiry"
"""The timer of a yes that ends at a time."""


async def store(
    session: AsyncSession, changes: Sequence[Change], *, now: datetime, recorded_by: str
) -> list[Customer]:
    """Write the changes and publish them; returns the customers as they are afterwards, in the same order.

    Existing customers must have been loaded with a lock.
    """
    looked_up = await _look_up_numbers(session, changes)
    finished = [_next_version(change, now) if change.real else change for change in looked_up]
    real = [change for change in finished if change.real]
    await writing.write_customers(session, [change.after for change in real])
    await writing.write_identifiers(session, real)
    await writing.write_subscriptions(session, real)
    await writing.append_consents(session, finished, now, recorded_by)
    await _arm_expiries(session, real)
    await _tell(session, real, now)
    await note(session, [change.noted for change in finished], now=now, by=recorded_by)
    return [change.after for change in finished]


async def retell(session: AsyncSession, customers: Collection[Customer], *, now: datetime) -> list[Customer]:
    """Publish customers of whom nothing changed but what binds their person. They must have been loaded with a lock.

    Only the version counts up, so that replicas take the news: what a source said, and when, stays as it was. Returns
    them with it.
    """
    raised = [replace(customer, version=customer.version + 1) for customer in customers]
    await writing.write_customers(session, raised)
    kin = await queries.kin(session, [customer.customer_id for customer in customers])
    everybody = await queries.load(session, list(kin))
    for customer in raised:
        outbox.add(session, events.of(customer, _bound(customer, everybody, kin)), now=now)
    return raised


async def _tell(session: AsyncSession, changes: Sequence[Change], now: datetime) -> None:
    """Publish what changed, and the other customers of the same persons whom it binds."""
    changed = {change.after.customer_id: change for change in changes}
    kin = await queries.kin(session, list(changed))
    after = await queries.load(session, list(kin)) if kin else {}
    for change in changes:
        outbox.add(session, events.of(change.before, _bound(change.after, after, kin)), now=now)
    before = after | {key: change.before for key, change in changed.items() if change.before and key in kin}
    concerned = [
        other
        for key, other in after.items()
        if key not in changed and _bound(other, before, kin) != _bound(other, after, kin)
    ]
    if concerned:
        await retell(session, concerned, now=now)


def _bound(customer: Customer, everybody: Mapping[UUID, Customer], kin: Mapping[UUID, Kinship]) -> Customer:
    kinship = kin.get(customer.customer_id)
    if kinship is None:
        return customer
    row = [Joined(key, one.since) for key, one in kin.items() if one.person_id == kinship.person_id]
    person = (everybody[one.customer_id] for one in row)
    return policy.bound(customer, person, policy.since_with(customer.customer_id, row))


def _next_version(change: Change, now: datetime) -> Change:
    before, after = change.before, change.after
    if before is None:
        return replace(change, after=replace(after, version=1, updated_at=now))
    changed_at = policy.changed_at(before, after, now)
    return replace(
        change,
        after=replace(after, version=before.version + 1, updated_at=now, changed_at=changed_at),
    )


async def _arm_expiries(session: AsyncSession, changes: Iterable[Change]) -> None:
    """A yes that ends at a time is looked at then."""
    await timers.arm_all(
        session,
        [
            NewTimer(CONSENT_EXPIRY, change.after.customer_id, "/".join(word.about), word.expires_at)
            for change in changes
            for word in change.after.consents
            if word.granted and word.expires_at and not (change.before and word in change.before.consents)
        ],
    )


async def _look_up_numbers(session: AsyncSession, changes: Sequence[Change]) -> list[Change]:
    """Customers with new phone numbers are not to be called on those that are on a register."""
    fresh = [change.after.phone.index for change in changes if change.after.phone and _moved(change)]
    found = await blocks.listed(session, fresh) if fresh else {}
    return [_with_registers(change, found) if _moved(change) else change for change in changes]


def _moved(change: Change) -> bool:
    return change.after.phone != (change.before and change.before.phone)


def _with_registers(change: Change, found: Mapping[str, Sequence[str]]) -> Change:
    said = tuple(block for block in change.after.blocks if block.block_id)
    number = change.after.phone
    registered = blocks.registered(found.get(number.index, ()) if number else ())
    return replace(change, after=replace(change.after, blocks=said + registered))

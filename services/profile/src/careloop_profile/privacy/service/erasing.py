"""Forgetting a person: at once what can be found at once, and the rest by timers, some at a time.

With its key all that was sealed for a customer is noise, in backups and streams too. Its row among the keys stays, and what
comes late about it finds that it was destroyed.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from careloop_common import ids, outbox, subject_keys, timers
from careloop_common.errors import SubjectKeyGone
from careloop_common.privacy import Vault
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerErased
from careloop_profile.customers.personal import PERSONAL_FACTS, Personal
from careloop_profile.customers.policy import Customer
from careloop_profile.identity import service as identity
from careloop_profile.privacy import events, policy, queries
from careloop_profile.privacy.models import ErasureRow
from careloop_profile.privacy.policy import Reason

TIMER: Final = "erasure"
FIRST: Final = "looks"
"""What the timers begin with."""
SOUGHT: Final = "sought"
"""The field under which it is kept by what somebody is found."""


async def request(
    session: AsyncSession, vault: Vault, customer_id: UUID, reason: Reason, *, now: datetime, actor: Actor
) -> ErasureRow:
    """Forget the person that a customer is, in all sources. Others are told by events."""
    if await subject_keys.destroyed(session, [customer_id]):
        earlier = await queries.latest_of(session, customer_id)
        raise CustomerErased(
            "The customer was erased before.", request_id=str(earlier.id) if earlier else None
        )
    held = await identity.hold(session, [customer_id])
    row = ErasureRow(
        id=ids.new_id(),
        customers=sorted(held.customers),
        reason=reason.value,
        state="erasing",
        requested_at=now,
        requested_by=actor.id,
        done={},
    )
    await _forget(session, vault, row, list(held.customers.values()), now)
    for key in row.customers:
        outbox.add(session, events.erased(key, row.id, now), now=now)
    return row


async def obey(
    session: AsyncSession, vault: Vault, erased: Sequence[tuple[UUID, UUID]], *, now: datetime
) -> None:
    """Forget once more who is back, from a backup that is older than their erasure; `erased` are customers with requests.

    Where nothing was restored there is nothing to do: their keys are destroyed already, and they are not there. If the keys
    were backed up apart, only their rows may be back. Who was parted from them before they were erased is not in the backup:
    it is now, and keeps neither their id nor what was known of both together.
    """
    ids = [customer_id for customer_id, _ in erased]
    back = await customers.known(session, ids)
    obeyed = await subject_keys.destroyed(session, ids) - back
    if back:
        await identity.leave(session, back, now=now, actor=SYSTEM)
    for customer_id, request_id in erased:
        if customer_id in obeyed:
            continue
        found = await customers.load(session, [customer_id], lock=True)
        row = await queries.held(session, request_id) or ErasureRow(
            id=request_id,
            customers=[],
            reason=Reason.CUSTOMER_REQUEST.value,
            state="erasing",
            requested_at=now,
            requested_by=SYSTEM.id,
            done={},
        )
        row.customers, row.state = sorted({*row.customers, customer_id}), "erasing"
        await _forget(session, vault, row, list(found.values()), now)


async def _forget(
    session: AsyncSession, vault: Vault, row: ErasureRow, found: Collection[Customer], now: datetime
) -> None:
    personal = Personal(vault)
    words = [word for customer in found for word in _sought(personal, customer)]
    row.sought_sealed = vault.seal(row.id, SOUGHT, msgspec.json.encode(words).decode())
    await session.execute(queries.ATTACHING)
    done = await queries.forget(session, row.customers, now=now)
    done["subject_key"] = len(await subject_keys.destroy(session, row.customers, now=now))
    row.done = policy.added(row.done, done)
    session.add(row)
    await session.flush()
    await timers.arm(session, kind=TIMER, owner_id=row.id, step=FIRST, due_at=now)


def _sought(personal: Personal, customer: Customer) -> list[str]:
    facts: dict[str, str | None] = {}
    with suppress(SubjectKeyGone):
        facts = {name: personal.opened(customer, name) for name in PERSONAL_FACTS}
    return policy.sought(customer.customer_id, customer.external_id, facts)

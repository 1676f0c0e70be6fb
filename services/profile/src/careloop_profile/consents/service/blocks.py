from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from careloop_common import ids, timers
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM, Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import statements
from careloop_profile.consents.errors import BlockNotFound, EndsBeforeBeginning, TooManyBlocks
from careloop_profile.customers import queries
from careloop_profile.customers import service as customers
from careloop_profile.customers.policy import Block, Customer
from careloop_profile.customers.policy.state import flat
from careloop_profile.customers.service import Change, store

BLOCK_END: Final = "do_not_disturb_end"
MAX_BLOCKS: Final = 50


async def block(
    session: AsyncSession,
    customer_id: UUID,
    wanted: Block,
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Leave the customer alone, as far as the block says."""
    if wanted.until and wanted.until <= now:
        raise EndsBeforeBeginning("It would be over before it begins.", pointer="/until")
    before = await customers.get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    if sum(one.block_id is not None for one in before.blocks) >= MAX_BLOCKS:
        raise TooManyBlocks(f"A customer may have {MAX_BLOCKS} at a time.")
    added = replace(wanted, block_id=ids.new_id())
    row = {
        "id": added.block_id,
        "customer_id": customer_id,
        "channel": added.channel,
        "hours": added.hours and msgspec.json.encode(flat(added.hours)).decode(),
        "reason": added.reason,
        "until": added.until,
        "now": now,
        "by": actor.id,
    }
    await session.execute(statements.BLOCK, row)
    if added.until:
        await timers.arm(
            session, kind=BLOCK_END, owner_id=customer_id, step=str(added.block_id), due_at=added.until
        )
    after = replace(before, blocks=(*before.blocks, added))
    [stored] = await store(session, [Change(before, after)], now=now, recorded_by=actor.id)
    return stored


async def end(
    session: AsyncSession,
    customer_id: UUID,
    block_id: UUID,
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """The customer may be reached again, as far as this block forbade it."""
    before = await customers.get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    if block_id not in {one.block_id for one in before.blocks}:
        raise BlockNotFound(f"Customer {customer_id} has no do-not-disturb {block_id}.")
    await session.execute(statements.END, {"ids": [block_id], "now": now, "by": actor.id})
    await timers.cancel(session, BLOCK_END, customer_id, str(block_id))
    [stored] = await store(session, [_without(before, [block_id])], now=now, recorded_by=actor.id)
    return stored


async def end_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """The time of these blocks is up."""
    owners = {timer.owner_id for timer in due}
    held = await queries.load(session, sorted(owners), lock=True)
    over = {
        owner: [one.block_id for one in held[owner].blocks if one.block_id and not one.open(now)]
        for owner in sorted(owners)
        if owner in held
    }
    ended = {
        "ids": [block_id for blocks in over.values() for block_id in blocks],
        "now": now,
        "by": SYSTEM.id,
    }
    await session.execute(statements.END, ended)
    changes = [_without(held[owner], blocks) for owner, blocks in over.items()]
    await store(session, changes, now=now, recorded_by=SYSTEM.id)


def _without(customer: Customer, ended: Iterable[UUID]) -> Change:
    gone = set(ended)
    kept = tuple(one for one in customer.blocks if one.block_id not in gone)
    return Change(customer, replace(customer, blocks=kept))

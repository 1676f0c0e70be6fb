from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy import func, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import policy
from careloop_profile.customers.policy import Customer, Subscription
from careloop_profile.customers.queries import DEVICE
from careloop_profile.customers.service.revising import get
from careloop_profile.customers.service.storing import store
from careloop_profile.customers.service.writing import Change


async def keep_subscription(
    session: AsyncSession,
    customer_id: UUID,
    subscription: Subscription,
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Add the subscription, or put it in the place of the one with its id."""
    before = await get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    after = policy.hold(before, [subscription])
    [stored] = await store(session, [Change(before, after)], now=now, recorded_by=actor.id)
    return stored


async def keep_device(
    session: AsyncSession,
    vault: Vault,
    customer_id: UUID,
    device_id: UUID,
    facts: dict[str, Any],
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Add the device, or put it in the place of the one with its id. Only their number is news to others."""
    before = await get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    serial = facts.pop("serial", None)
    row = {
        **facts,
        "customer_id": customer_id,
        "device_id": device_id,
        "serial_sealed": serial and vault.seal(customer_id, f"serial {device_id}", serial),
        "updated_at": now,
    }
    statement = insert(DEVICE).values(row)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[DEVICE.c.customer_id, DEVICE.c.device_id],
            set_={name: literal_column(f"excluded.{name}") for name in row},
        )
    )
    owned = select(func.count()).select_from(DEVICE).where(DEVICE.c.customer_id == customer_id)
    after = replace(before, registered_devices=await session.scalar(owned) or 0)
    [stored] = await store(session, [Change(before, after)], now=now, recorded_by=actor.id)
    return stored

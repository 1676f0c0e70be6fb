from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import Setting
from careloop_profile.customers import policy, queries
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Consent, Customer
from careloop_profile.customers.service.reading_input import personal_facts
from careloop_profile.customers.service.storing import store
from careloop_profile.customers.service.writing import Change


async def get(session: AsyncSession, customer_id: UUID, *, lock: bool = False) -> Customer:
    found = await queries.load(session, [customer_id], lock=lock)
    if customer_id not in found:
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    return found[customer_id]


async def revise(
    session: AsyncSession,
    vault: Vault,
    customer_id: UUID,
    facts: dict[str, Any],
    *,
    expected_version: int | None,
    setting: Setting,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Replace the given facts; None empties one, also among the attributes."""
    before = await get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    if "attributes" in facts:
        facts = {**facts, "attributes": policy.patched(before.attributes, facts["attributes"])}
    read = personal_facts(vault, before, facts, setting)
    after = policy.revise(before, read.facts)
    [stored] = await store(
        session, [Change(before, after, findings=read.findings)], now=now, recorded_by=actor.id
    )
    return stored


async def declare(
    session: AsyncSession,
    customer_id: UUID,
    words: tuple[Consent, ...],
    *,
    expected_version: int | None,
    now: datetime,
    actor: Actor,
) -> Customer:
    """Write down what the customer said. Every word is kept; the latest per purpose and channel counts."""
    before = await get(session, customer_id, lock=True)
    check_version(expected_version, before.version)
    after = policy.declare_consents(before, words)
    [stored] = await store(session, [Change(before, after, words)], now=now, recorded_by=actor.id)
    return stored

from datetime import datetime
from typing import Any

from careloop_common import ids, subject_keys
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.cleansing.policy import Setting
from careloop_profile.customers import policy, queries
from careloop_profile.customers.errors import CustomerErased, CustomerExists
from careloop_profile.customers.policy import Consent, Customer, Subscription
from careloop_profile.customers.service.reading_input import personal_facts
from careloop_profile.customers.service.storing import store
from careloop_profile.customers.service.writing import Change
from careloop_profile.identifiers.keys import customer_id_of


async def register(
    session: AsyncSession,
    vault: Vault,
    facts: dict[str, Any],
    *,
    key: tuple[str, str | None],
    subscriptions: tuple[Subscription, ...],
    consents: tuple[Consent, ...],
    setting: Setting,
    now: datetime,
    actor: Actor,
) -> Customer:
    """A new customer, known to a source system by `key`. `facts` are fields of `Customer`, with personal ones as they
    were typed."""
    source, external_id = key
    customer_id = customer_id_of(source, external_id) if external_id else ids.new_id()
    if external_id and await queries.load(session, [customer_id]):
        raise CustomerExists(
            "This source already has a customer with this external id.", customer_id=str(customer_id)
        )
    if await subject_keys.ensure(session, [customer_id]):
        raise CustomerErased("The customer of this external id was erased.")
    blank = Customer(customer_id, 0, "individual", source, external_id, created_at=now, updated_at=now)
    read = personal_facts(vault, blank, facts, setting)
    customer = policy.revise(blank, read.facts)
    customer = policy.declare_consents(policy.hold(customer, subscriptions), consents)
    [stored] = await store(
        session, [Change(None, customer, consents, read.findings)], now=now, recorded_by=actor.id
    )
    return stored

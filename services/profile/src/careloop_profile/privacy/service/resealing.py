"""Who was known before there were keys of customers is sealed anew, and told anew, so that replicas have it too."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers import service as customer_service
from careloop_profile.customers.personal import PERSONAL_FACTS, Personal
from careloop_profile.customers.policy import Customer, Identifier
from careloop_profile.customers.service import Change
from careloop_profile.privacy import queries

_AT_ONCE: Final = 500
_BY: Final = "sealed anew"


async def reseal(
    session: AsyncSession, vault: Vault, after: UUID, *, now: datetime
) -> tuple[UUID | None, int]:
    """The next customers by id, as far as something of them is sealed under the ring; returns where to go on, and how many
    were sealed anew."""
    ids = await queries.next_customers(session, after, _AT_ONCE)
    if not ids:
        return None, 0
    found = await customers.load(session, ids, lock=True)
    changes = [
        Change(customer, replace(customer, **facts))
        for customer in (found[key] for key in ids if key in found)
        if (facts := dict(_anew(vault, customer)))
    ]
    await customer_service.store(session, changes, now=now, recorded_by=_BY)
    return ids[-1], len(changes)


def _anew(vault: Vault, customer: Customer) -> Iterator[tuple[str, Any]]:
    personal = Personal(vault)
    for name in PERSONAL_FACTS:
        fact = getattr(customer, name)
        token = fact.sealed if isinstance(fact, Identifier) else fact
        if token is None or not token.startswith("v1."):
            continue
        sealed = vault.seal(customer.customer_id, name, personal.opened(customer, name) or "")
        yield name, Identifier(fact.index, sealed) if isinstance(fact, Identifier) else sealed

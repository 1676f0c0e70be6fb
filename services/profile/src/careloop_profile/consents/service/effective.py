from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.consents import policy, queries
from careloop_profile.consents.policy import Decided
from careloop_profile.customers import policy as binding
from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Customer
from careloop_profile.identity.queries import person_at


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force for a customer at an instant."""

    members: tuple[UUID, ...]
    """The customers that are one person then."""
    since: Mapping[UUID, datetime]
    """Since when each of the others is one with the customer."""
    decided: Mapping[tuple[str, str], Decided]


async def in_force(session: AsyncSession, customer_id: UUID, *, at: datetime, known_at: datetime) -> Standing:
    """What bound a customer at an instant, as far as it was known at another: by whom they were one person with then,
    and by the words of all of them."""
    if not await customers.known(session, [customer_id]):
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    since = await person_at(session, customer_id, min(at, known_at))
    members = sorted({customer_id, *since})
    latest = await queries.standing(session, members, at=at, known_at=known_at)
    return Standing(tuple(members), since, policy.decided(customer_id, latest, since, at=at))


async def bound(session: AsyncSession, customer_id: UUID, standing: Standing) -> Customer:
    """The customer as it is bound now by its person, with the words that are in force."""
    members = await customers.load(session, list(standing.members))
    customer = members[customer_id]
    if standing.since:
        customer = binding.bound(customer, members.values(), standing.since)
    return replace(customer, consents=tuple(one.word for one in standing.decided.values()))

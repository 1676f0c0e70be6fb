from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Customer, Joined, bound, since_with
from careloop_profile.identity import queries
from careloop_profile.identity.models import EvidenceRow
from careloop_profile.identity.policy import Field, golden


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the customers it is, each as others are told of it, what is believed of it, and on what evidence."""

    person_id: UUID
    customers: Sequence[Customer]
    golden: Mapping[str, Field]
    evidence: Sequence[EvidenceRow]


async def person(session: AsyncSession, customer_id: UUID, ranks: Mapping[str, int]) -> Person:
    """The person that a customer is."""
    kin = await customers.kin(session, [customer_id])
    found = await customers.load(session, list(kin) or [customer_id])
    if customer_id not in found:
        raise CustomerNotFound(f"There is no customer {customer_id}.")
    members = sorted(found.values(), key=lambda one: (one.created_at, one.customer_id))
    row = [Joined(key, kinship.since) for key, kinship in kin.items()]
    return Person(
        kin[customer_id].person_id if kin else customer_id,
        [bound(one, members, since_with(one.customer_id, row)) for one in members] if kin else members,
        golden(members, ranks),
        await queries.evidence(session, found),
    )

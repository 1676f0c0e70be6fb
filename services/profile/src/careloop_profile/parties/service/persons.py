"""Relations are between customers, and what is asked of them is about persons."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.parties.queries import relations as queries
from careloop_profile.parties.queries.persons import sealed


@dataclass(frozen=True, slots=True)
class Persons:
    """Customers with the persons that they are."""

    kinds: Mapping[UUID, str]
    members: Mapping[UUID, Sequence[UUID]]
    """For each customer that was asked for all customers of its person."""
    person_ids: Mapping[UUID, UUID]

    def of(self, customer_id: UUID) -> UUID:
        return self.person_ids.get(customer_id, customer_id)


@dataclass(slots=True)
class Known:
    """What is sealed of a person, each with the customer whose seal it is: what the first who knows it says counts."""

    name: tuple[UUID, str] | None = None
    birth_date: tuple[UUID, str] | None = None

    def named(self, vault: Vault) -> str | None:
        return vault.open(self.name[0], "name", self.name[1]) if self.name else None

    def born(self, vault: Vault) -> date | None:
        if self.birth_date is None:
            return None
        return date.fromisoformat(vault.open(self.birth_date[0], "birth_date", self.birth_date[1]))


async def persons(session: AsyncSession, ids: Collection[UUID]) -> Persons:
    """The persons of customers, all of whom there must be."""
    found = await present(session, ids)
    if missing := set(ids) - set(found.kinds):
        raise CustomerNotFound(f"There is no customer {min(missing)}.")
    return found


async def present(session: AsyncSession, ids: Collection[UUID]) -> Persons:
    """The persons of those of these who are customers; who is none has no kind."""
    kinds = await queries.kinds(session, ids)
    kin = await customers.kin(session, list(ids))
    person_ids = {key: kinship.person_id for key, kinship in kin.items()}
    whole: dict[UUID, list[UUID]] = {}
    for key, person_id in person_ids.items():
        whole.setdefault(person_id, []).append(key)
    members = {key: whole[person_ids[key]] if key in person_ids else [key] for key in ids}
    return Persons(kinds, members, person_ids)


async def known(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Known]:
    """Names and birth dates, by the ids of the persons that these customers are."""
    found: dict[UUID, Known] = {}
    for person_id, customer_id, name, birth_date in await sealed(session, ids):
        one = found.get(person_id) or found.setdefault(person_id, Known())
        if name is not None and one.name is None:
            one.name = (customer_id, name)
        if birth_date is not None and one.birth_date is None:
            one.birth_date = (customer_id, birth_date)
    return found

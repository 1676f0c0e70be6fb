"""Who lives with whom: the members of a household, and who is family of one of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties.errors import OtherKindOfCustomer
from careloop_profile.parties.models import RelationRow
from careloop_profile.parties.policy.ages import is_minor
from careloop_profile.parties.policy.relations import Relation, Role
from careloop_profile.parties.queries import relations as queries
from careloop_profile.parties.service.persons import Known, known, persons

_FARTHEST: Final = 3
"""Steps from one relative to the next."""


@dataclass(slots=True)
class Resident:
    """Somebody of a household; who is only proposed as family is no more than that."""

    person_id: UUID
    roles: set[str] = field(default_factory=set)
    proposed: bool = True
    minor: bool = False
    guardians: list[UUID] = field(default_factory=list)
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True)
class Household:
    household_ids: Sequence[UUID]
    residents: Sequence[Resident]

    def having(self, role: Role) -> list[UUID]:
        return [one.person_id for one in self.residents if role in one.roles]


async def household(
    session: AsyncSession, vault: Vault, customer_id: UUID, today: date, minors_under: int
) -> Household:
    """The household that a customer is, or the one around an individual."""
    people = await persons(session, [customer_id])
    members = people.members[customer_id]
    if people.kinds[customer_id] == "enterprise":
        raise OtherKindOfCustomer(f"Customer {customer_id} is a firm.")
    houses, begun = list(members), set[UUID]()
    if people.kinds[customer_id] == "individual":
        rows = await queries.of_customers(session, members, day=today, kinds=[Relation.MEMBER_OF])
        houses, begun = sorted({row.to_id for row in rows}), set(members)
    rows = await queries.of_customers(session, houses, day=today, kinds=[Relation.MEMBER_OF])
    begun |= {row.from_id for row in rows}
    family = await _family(session, begun, today)
    residents = await _residents(session, begun, rows, family)
    await _look_after(session, vault, residents, today, minors_under)
    found = {one.person_id: one for one in residents.values()}
    return Household(houses, [found[key] for key in sorted(found)])


async def _family(session: AsyncSession, begun: Collection[UUID], today: date) -> list[RelationRow]:
    """The relatives of these, and theirs, as far as they are confirmed; and who is proposed on the way."""
    found: dict[UUID, RelationRow] = {}
    seen, ahead = set(begun), set(begun)
    for _ in range(_FARTHEST):
        rows = await queries.of_customers(session, ahead, day=today, kinds=[Relation.FAMILY])
        found |= {row.id: row for row in rows}
        near = {key for row in rows if row.state == "confirmed" for key in (row.from_id, row.to_id)}
        ahead = near - seen
        seen |= near
        if not ahead:
            break
    return list(found.values())


async def _residents(
    session: AsyncSession,
    begun: Collection[UUID],
    members: Sequence[RelationRow],
    family: Sequence[RelationRow],
) -> dict[UUID, Resident]:
    """By the ids of their customers; who is several is one."""
    sure = {key for row in family if row.state == "confirmed" for key in (row.from_id, row.to_id)}
    everybody = {key for row in family for key in (row.from_id, row.to_id)} | set(begun)
    people = await persons(session, everybody)
    by_person: dict[UUID, Resident] = {}
    found = {
        key: by_person.setdefault(people.of(key), Resident(people.of(key)))
        for key in {*everybody, *people.person_ids}
    }
    for key in sure.union(begun):
        found[key].proposed = False
    for row in members:
        if row.role is not None:
            found[row.from_id].roles.add(row.role)
    return found


async def _look_after(
    session: AsyncSession,
    vault: Vault,
    residents: dict[UUID, Resident],
    today: date,
    minors_under: int,
) -> None:
    """Whose name it is, who is a minor, and who guards them."""
    facts = await known(session, list(residents))
    for one in residents.values():
        one.known = facts.get(one.person_id, one.known)
        one.minor = is_minor(one.known.born(vault), today, minors_under)
    rows = await queries.of_customers(session, list(residents), day=today, kinds=[Relation.GUARDIAN])
    guarding = [row for row in rows if row.to_id in residents]
    guardians = await persons(session, [row.from_id for row in guarding])
    for row in guarding:
        residents[row.to_id].guardians.append(guardians.of(row.from_id))

"""Organisations: who works there, who decides, and on which way somebody we know gets to who does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties.errors import NotInOrganization, OtherKindOfCustomer
from careloop_profile.parties.models import AccountRow
from careloop_profile.parties.policy.decisions import DecisionMap, Path, decision_map, strongest_path
from careloop_profile.parties.policy.relations import Relation, Role
from careloop_profile.parties.queries import accounts, relations
from careloop_profile.parties.service.persons import Known, known, persons


@dataclass(frozen=True, slots=True)
class Organization:
    """An organisation in short: whom we know there, who owns whom, what it pays for."""

    organization_id: UUID
    map: DecisionMap
    owners: Sequence[UUID]
    owned: Sequence[UUID]
    accounts: Sequence[AccountRow]
    names: Mapping[UUID, Known]


@dataclass(frozen=True, slots=True)
class Way:
    """The strongest path to who decides, if there is one, with the names of those on it."""

    goals: Sequence[UUID]
    path: Path | None
    names: Mapping[UUID, Known]


async def organization(session: AsyncSession, customer_id: UUID, day: date) -> Organization:
    members = await _organization(session, customer_id)
    found = decision_map(await relations.in_organization(session, members, day))
    owning = await relations.of_customers(session, members, day=day, kinds=[Relation.OWNS])
    owners = sorted({row.from_id for row in owning if row.to_id in members})
    owned = sorted({row.to_id for row in owning if row.from_id in members})
    names = await known(session, [*owners, *owned, *(one.person_id for one in found.contacts())])
    return Organization(customer_id, found, owners, owned, await accounts.paid_by(session, members), names)


async def decisions(session: AsyncSession, customer_id: UUID, day: date) -> DecisionMap:
    """All who have to do with what the organisation decides."""
    members = await _organization(session, customer_id)
    return decision_map(await relations.in_organization(session, members, day))


async def influence_path(
    session: AsyncSession,
    customer_id: UUID,
    day: date,
    *,
    start: UUID | None,
    goal: UUID | None,
    most: int,
) -> Way:
    """The strongest path from somebody, or from whoever we know, to somebody, or to whoever decides."""
    found = await decisions(session, customer_id, day)
    named = await persons(session, [key for key in (start, goal) if key is not None])
    starts, goals = None, found.having(Role.DECIDER)
    if start is not None:
        starts = [_in(found, named.of(start))]
    if goal is not None:
        goals = [_in(found, named.of(goal))]
    if not goals:
        raise NotInOrganization(f"Of nobody in {customer_id} it is known that they decide.")
    path = strongest_path(found, starts, goals, most)
    on_it = {path.start, *(step.other for step in path.steps)} if path else set[UUID]()
    return Way(goals, path, await known(session, [*on_it, *goals]))


async def _organization(session: AsyncSession, customer_id: UUID) -> Sequence[UUID]:
    people = await persons(session, [customer_id])
    if people.kinds[customer_id] != "enterprise":
        raise OtherKindOfCustomer(f"Customer {customer_id} is no organisation.")
    return people.members[customer_id]


def _in(found: DecisionMap, person_id: UUID) -> UUID:
    if person_id not in found.members:
        raise NotInOrganization(f"Nobody there is {person_id}.")
    return person_id

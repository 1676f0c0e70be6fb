"""Customers that are locked while somebody changes who is one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy import Customer, Joined
from careloop_profile.customers.queries import Kinship
from careloop_profile.identity.policy import Known

_CHANGING: Final = 0x69646E74
"""Advisory lock of whoever changes persons."""


@dataclass(frozen=True, slots=True)
class Held:
    """Customers that are locked, with the persons they are; kept as they become."""

    customers: dict[UUID, Customer]
    kin: dict[UUID, Kinship]

    def person_of(self, customer_id: UUID) -> list[UUID]:
        """The customers of a customer's person, the one that gives it its id first."""
        return self.ordered(one.customer_id for one in self.row_of(customer_id))

    def row_of(self, customer_id: UUID) -> list[Joined]:
        """The row in which they stand."""
        mine = self.kin.get(customer_id)
        if mine is None:
            return [Joined(customer_id, self.customers[customer_id].created_at)]
        return [Joined(key, one.since) for key, one in self.kin.items() if one.person_id == mine.person_id]

    def ordered(self, members: Iterable[UUID]) -> list[UUID]:
        """The one that was known first comes first, and gives the person its id."""
        return [known.customer_id for known in sorted(map(self.known, members))]

    def known(self, customer_id: UUID) -> Known:
        return Known(self.customers[customer_id].created_at, customer_id)


async def hold(session: AsyncSession, wanted: Sequence[UUID]) -> Held:
    """Lock customers with all of their persons, which nobody else changes meanwhile.

    Persons change one at a time: two merges that meet in the middle would otherwise wait for each other.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_CHANGING)))
    found = await customers.load(session, wanted, lock=True)
    if missing := set(wanted) - set(found):
        raise CustomerNotFound(f"There is no customer {min(missing)}.")
    return Held(found, await customers.kin(session, wanted))

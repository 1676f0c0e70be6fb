"""Customers as a model compares them: open in memory only, and found by keys that nobody can read."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.customers.policy import Customer
from careloop_profile.identity.policy import Candidate
from careloop_profile.identity.policy.evidence import MOST_SHARERS
from careloop_profile.identity.service import Candidates
from careloop_profile.linkage import queries
from careloop_profile.linkage.policy import Model, Record, Score

MOST_IN_BLOCK: Final = 100
"""Customers that a key may find before it tells nobody from the others."""
MOST_COMPARED: Final = 20
"""Customers of one person that are compared with another's: as many as settle the question."""


@dataclass(frozen=True, slots=True)
class Known:
    candidate: Candidate
    record: Record
    phones: frozenset[str]
    """The fields that are made of the phone number."""

    def compared(self, other: "Known", model: Model) -> Score | None:
        """How much speaks for one person; None for a person and a firm.

        A number whose holder had left before the other came was given to somebody else, and says nothing.
        """
        ours, theirs = self.candidate, other.candidate
        if ours.kind != theirs.kind:
            return None
        recycled = ours.had_before(theirs) or theirs.had_before(ours)
        return model.score(self.record.without(self.phones) if recycled else self.record, other.record)


class Records:
    """Opens what a model compares."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._candidates = Candidates(vault)

    def hashed(self, field: str, value: str) -> str:
        """What frequencies are kept by."""
        return self._vault.blind_index(f"linkage {field}", value)[:16]

    def raw(self, customer: Customer, crowded: Collection[str] = ()) -> dict[str, str]:
        """What is known of a customer, by source, without the identifiers that are `crowded`."""
        key, known = customer.customer_id, {}
        if customer.name:
            known["name"] = self._vault.open(key, "name", customer.name)
        for kind, identifier in (("phone", customer.phone), ("email", customer.email)):
            if identifier and identifier.index not in crowded:
                known[kind] = self._vault.open(key, kind, identifier.sealed)
        for kind in ("region", "language"):
            if value := getattr(customer, kind):
                known[kind] = value
        for name, value in customer.attributes.items():
            if value is not None and not isinstance(value, bool):
                known[f"attributes.{name}"] = _text(value)
        return known

    def known(self, model: Model, customer: Customer, crowded: Collection[str] = ()) -> Known:
        record = model.record(self.raw(customer, crowded), self.hashed)
        return Known(self._candidates.of(customer), record, model.made_of("phone"))

    def keys(self, model: Model, record: Record) -> set[int]:
        """What a record is found by, as numbers of 64 bits."""
        return {
            int.from_bytes(bytes.fromhex(self._vault.blind_index("linkage key", text)[:16]), signed=True)
            for text in model.keys_of(record)
        }


def _text(value: str | float) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class Circle:
    """Customers with their persons, open. Persons grow as their customers are joined."""

    def __init__(self, model: Model, known: Mapping[UUID, Known], persons: Mapping[UUID, UUID]) -> None:
        self.model, self.known = model, known
        self._person = dict(persons)
        self._members: dict[UUID, list[UUID]] = {}
        for customer_id, person in persons.items():
            self._members.setdefault(person, []).append(customer_id)

    def person(self, customer_id: UUID) -> UUID:
        return self._person[customer_id]

    def members(self, customer_id: UUID) -> Sequence[UUID]:
        """The customers of a customer's person that are compared, itself among them."""
        return self._members[self._person[customer_id]]

    def weights(self, one: UUID, other: UUID) -> Iterator[float]:
        """What all pairs between two persons say: of what is known alone, whatever the prior."""
        for ours in self.members(one):
            for theirs in self.members(other):
                score = self.known[ours].compared(self.known[theirs], self.model)
                yield score.weight - self.model.prior if score else 0.0

    def join(self, one: UUID, other: UUID) -> None:
        person, gone = self._person[one], self._person[other]
        for member in self._members[gone]:
            self._person[member] = person
        self._members[person] += self._members.pop(gone)


async def circle(session: AsyncSession, records: Records, model: Model, wanted: Collection[UUID]) -> Circle:
    """Customers, and some of those who are one person with each."""
    kin = await customers.kin(session, list(wanted))
    compared = _compared(wanted, {key: kinship.person_id for key, kinship in kin.items()})
    found = await customers.load(session, list(compared))
    crowded = await _crowded(session, found.values())
    known = {key: records.known(model, customer, crowded) for key, customer in found.items()}
    return Circle(model, known, {key: compared[key] for key in sorted(known)})


def _compared(wanted: Collection[UUID], persons: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    chosen = {key: persons.get(key, key) for key in wanted}
    counted: dict[UUID, int] = {}
    for key in sorted(persons):
        counted[persons[key]] = counted.get(persons[key], 0) + 1
        if counted[persons[key]] <= MOST_COMPARED:
            chosen[key] = persons[key]
    return chosen


async def _crowded(session: AsyncSession, found: Iterable[Customer]) -> set[str]:
    """The identifiers that so many have that they prove nothing."""
    indexes = {one.index for customer in found for one in (customer.phone, customer.email) if one}
    holders: Mapping[str, Sequence[UUID]] = await queries.holders(session, indexes, MOST_SHARERS)
    return {index for index, having in holders.items() if len(having) > MOST_SHARERS}

"""Who somebody is who gave a phone number, an e-mail address or a customer number: many at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identifiers.policy import normalise_email, normalise_phone
from careloop_profile.linkage import queries

MOST_HOLDERS: Final = 20
"""Customers that may have an identifier before it tells them apart no more."""

Outcome = Literal["person", "several", "nobody", "shared", "refused"]


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: str
    value: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    outcome: Outcome
    customers: tuple[UUID, ...] = ()
    persons: tuple[UUID, ...] = ()


async def resolve(
    session: AsyncSession, vault: Vault, wanted: Sequence[Wanted], *, region: str
) -> list[Resolved]:
    """Who each of these is, in their order, by three statements however many they are."""
    sought = [_sought(vault, one, region) for one in wanted]
    indexes = {key for key in sought if isinstance(key, str)}
    ids = {key for key in sought if isinstance(key, UUID)}
    holders = await queries.holders(session, indexes, MOST_HOLDERS) if indexes else {}
    known = await customers.known(session, list(ids)) if ids else set()
    found = [_found(key, holders, known) for key in sought]
    persons = await _persons(session, {key for one in found for key in one or ()})
    return [_resolved(one, persons) for one in found]


def _sought(vault: Vault, one: Wanted, region: str) -> str | UUID | None:
    """A blind index, the id of a customer, or None for what nobody can have."""
    if one.kind == "external":
        return customer_id_of(one.source or "", one.value)
    read = normalise_phone(one.value, region) if one.kind == "phone" else normalise_email(one.value)
    return None if read.value is None else vault.blind_index(one.kind, read.value)


def _found(key: str | UUID | None, holders: dict[str, list[UUID]], known: set[UUID]) -> Sequence[UUID] | None:
    if isinstance(key, UUID):
        return [key] if key in known else []
    return None if key is None else holders.get(key, [])


async def _persons(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    return {key: kinship.person_id for key, kinship in (await customers.kin(session, list(ids))).items()}


def _resolved(found: Sequence[UUID] | None, persons: dict[UUID, UUID]) -> Resolved:
    if found is None:
        return Resolved("refused")
    if len(found) > MOST_HOLDERS:
        return Resolved("shared")
    who = tuple(sorted({persons.get(one, one) for one in found}))
    return Resolved("person" if len(who) == 1 else "several" if who else "nobody", tuple(sorted(found)), who)

"""Who somebody is who gave a phone number, an e-mail address or a customer number: many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identifiers.policy import normalise_email, normalise_phone
from careloop_profile.linkage import queries

MOST_HOLDERS: Final = 20
"""Customers that may have an identifier before it tells them apart no more."""

Who = tuple[UUID, UUID]
"""A customer and its person."""
Outcome = Literal["person", "several", "nobody", "shared", "refused"]


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: str
    value: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    outcome: Outcome
    customer_ids: tuple[UUID, ...] = ()
    person_ids: tuple[UUID, ...] = ()


_REFUSED, _NOBODY, _SHARED = Resolved("refused"), Resolved("nobody"), Resolved("shared")


async def resolve(
    session: AsyncSession, vault: Vault, wanted: Sequence[Wanted], *, region: str
) -> list[Resolved]:
    """Who each of these is, in their order, by two statements however many they are."""
    sought = [_sought(vault, one, region) for one in wanted]
    indexes = {key for key in sought if isinstance(key, str)}
    ids = {key for key in sought if isinstance(key, UUID)}
    holders = await queries.persons_by_index(session, indexes, MOST_HOLDERS) if indexes else {}
    persons = await queries.persons(session, ids) if ids else {}
    return [_resolved(key, holders, persons) for key in sought]


def _sought(vault: Vault, one: Wanted, region: str) -> str | UUID | None:
    """A blind index, the id of a customer, or None for what nobody can have."""
    if one.kind == "external":
        return customer_id_of(one.source or "", one.value)
    read = normalise_phone(one.value, region) if one.kind == "phone" else normalise_email(one.value)
    return None if read.value is None else vault.blind_index(one.kind, read.value)


def _resolved(
    key: str | UUID | None, holders: Mapping[str, Sequence[Who]], persons: Mapping[UUID, UUID]
) -> Resolved:
    if key is None:
        return _REFUSED
    if isinstance(key, UUID):
        return Resolved("person", (key,), (persons[key],)) if key in persons else _NOBODY
    found = holders.get(key)
    if not found:
        return _NOBODY
    if len(found) == 1:
        return Resolved("person", (found[0][0],), (found[0][1],))
    if len(found) > MOST_HOLDERS:
        return _SHARED
    who = tuple(sorted({person for _, person in found}))
    return Resolved("person" if len(who) == 1 else "several", tuple(sorted(one for one, _ in found)), who)

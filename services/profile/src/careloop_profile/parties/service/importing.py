"""Stating many relations at once, as files do: by the rules of stating one, each statement for itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from careloop_common import ids
from careloop_common.errors import DomainError
from careloop_common.privacy import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties.errors import GuardianNeeded, RelationToSelf
from careloop_profile.parties.policy.ages import ADULT, is_minor
from careloop_profile.parties.policy.ledger import Entry, Ledger, Statement, Verdict
from careloop_profile.parties.policy.relations import Claim, Relation, Role, check
from careloop_profile.parties.queries import ledgers
from careloop_profile.parties.queries import relations as queries
from careloop_profile.parties.service.persons import Persons, known, present

REASON: Final = "said by an import"
_LEADING: Final = frozenset({Role.HEAD.value, Role.PAYER.value})


@dataclass(frozen=True, slots=True)
class _Minors:
    """Persons who are too young: to guard anybody, and to pay or lead without a guardian."""

    to_guard: frozenset[UUID]
    to_lead: frozenset[UUID]


async def relate_many(
    session: AsyncSession,
    vault: Vault,
    statements: Sequence[Statement],
    minors_under: int,
    *,
    today: date,
    now: datetime,
    by: str,
) -> list[Verdict | DomainError]:
    """What became of each statement; those that are refused change nothing. Who they name are customers.

    Who is the guardian of whom comes first, whatever the order.
    """
    claims = [one.claim for one in statements]
    named = {key for claim in claims for key in _named(claim)}
    people = await present(session, named)
    await queries.hold(session, {people.of(key) for key in named})
    minors = await _minors(session, vault, claims, minors_under, today)
    ledger = Ledger(await _known(session, claims, people), today)
    verdicts: dict[int, Verdict | DomainError] = {}
    for place in sorted(range(len(claims)), key=lambda one: claims[one].kind is not Relation.GUARDIAN):
        try:
            verdicts[place] = _take(ledger, place, statements[place], people, minors)
        except DomainError as error:
            verdicts[place] = error
    stated = [(claims[place], entry) for place, entry in ledger.stated]
    new = {entry.id for _, entry in stated}
    changed = [entry for key, entry in ledger.changed.items() if key not in new]
    await ledgers.write(session, stated, changed, now=now, by=by, reason=REASON)
    return [verdicts[place] for place in range(len(claims))]


def _named(claim: Claim) -> list[UUID]:
    return [key for key in (claim.from_id, claim.to_id, claim.organization_id) if key is not None]


async def _known(session: AsyncSession, claims: Sequence[Claim], people: Persons) -> list[Entry]:
    ones = {key for claim in claims for key in people.members[claim.from_id]}
    others = {key for claim in claims for key in people.members[claim.to_id]}
    return await ledgers.known(session, {claim.kind.value for claim in claims}, ones, others)


def _take(ledger: Ledger, place: int, statement: Statement, people: Persons, minors: _Minors) -> Verdict:
    claim = statement.claim
    one, other = people.of(claim.from_id), people.of(claim.to_id)
    if one == other:
        raise RelationToSelf(f"{claim.from_id} and {claim.to_id} are one.", pointer="/to_id")
    check(claim, people.kinds)
    if claim.kind is Relation.GUARDIAN and one in minors.to_guard:
        raise GuardianNeeded("A guardian is of age.", pointer="/from_id")
    if _leads(claim) and one in minors.to_lead and not ledger.guarded(one):
        raise GuardianNeeded(f"Customer {claim.from_id} is a minor without a guardian.")
    where = claim.organization_id and people.of(claim.organization_id)
    between = replace(claim, from_id=one, to_id=other, organization_id=where)
    return ledger.take(place, ids.new_id(), replace(statement, claim=between))


def _leads(claim: Claim) -> bool:
    return claim.kind is Relation.PAYER or claim.facts.get("role") in _LEADING


async def _minors(
    session: AsyncSession, vault: Vault, claims: Collection[Claim], minors_under: int, today: date
) -> _Minors:
    asked = {claim.from_id for claim in claims if claim.kind is Relation.GUARDIAN or _leads(claim)}
    born = {key: one.born(vault) for key, one in (await known(session, asked)).items()} if asked else {}
    return _Minors(
        frozenset(key for key, day in born.items() if is_minor(day, today, ADULT)),
        frozenset(key for key, day in born.items() if is_minor(day, today, minors_under)),
    )

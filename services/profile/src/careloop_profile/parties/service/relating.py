"""Stating what one customer is to another, deciding what was proposed, and ending what is not so any more."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from careloop_common import ids
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers.errors import DatesReversed
from careloop_profile.parties.errors import (
    GuardianNeeded,
    LineInCircle,
    RelationDecided,
    RelationNotFound,
    RelationOverlaps,
    RelationToSelf,
)
from careloop_profile.parties.models import RelationRow
from careloop_profile.parties.policy.ages import ADULT, is_minor
from careloop_profile.parties.policy.relations import LINES, Claim, Relation, Role, check, rivals
from careloop_profile.parties.queries import relations as queries
from careloop_profile.parties.service.persons import Persons, known, persons, present


async def relate(
    session: AsyncSession,
    vault: Vault,
    claim: Claim,
    minors_under: int,
    *,
    today: date,
    now: datetime,
    actor: Actor,
) -> RelationRow:
    """State a relation; it holds at once."""
    await presence.enter(session)
    named = [key for key in (claim.from_id, claim.to_id, claim.organization_id) if key is not None]
    people = await persons(session, named)
    if people.of(claim.from_id) == people.of(claim.to_id) and claim.account_id is None:
        raise RelationToSelf(f"{claim.from_id} and {claim.to_id} are one.", pointer="/to_id")
    check(claim, people.kinds)
    if claim.valid_to is not None and claim.valid_to <= claim.valid_from:
        raise DatesReversed(f"{claim.valid_to} is not after {claim.valid_from}.", pointer="/valid_to")
    await queries.hold(session, [people.of(key) for key in named])
    await _check_rivals(session, claim, people)
    await _check_line(session, claim, people)
    await _check_minors(session, vault, claim, minors_under, today)
    row = _row(claim, now, actor)
    session.add(row)
    await session.flush()
    return row


async def _check_rivals(session: AsyncSession, claim: Claim, people: Persons) -> None:
    for rival in rivals(claim):
        found = await queries.overlapping(session, claim, rival, people.members)
        if found is not None:
            raise RelationOverlaps(f"Relation {found} holds on some of these days.", relation_id=str(found))


async def _check_line(session: AsyncSession, claim: Claim, people: Persons) -> None:
    if claim.kind not in LINES:
        return
    where = people.members[claim.organization_id] if claim.organization_id else None
    beginning, end = people.of(claim.to_id), people.of(claim.from_id)
    if await queries.comes_back(session, claim, beginning, end, where):
        raise LineInCircle(f"By {claim.kind} {claim.to_id} would be under themselves.")


async def _check_minors(
    session: AsyncSession, vault: Vault, claim: Claim, minors_under: int, today: date
) -> None:
    """A minor pays for nothing and leads nobody without a guardian, and guards nobody at all."""
    leads = claim.facts.get("role") in {Role.HEAD, Role.PAYER}
    if claim.kind is Relation.GUARDIAN:
        found = await known(session, [claim.from_id])
        if any(is_minor(one.born(vault), today, ADULT) for one in found.values()):
            raise GuardianNeeded("A guardian is of age.", pointer="/from_id")
    elif claim.kind is Relation.PAYER or leads:
        await check_of_age(session, vault, claim.from_id, minors_under, today)


async def check_of_age(
    session: AsyncSession, vault: Vault, customer_id: UUID, minors_under: int, today: date
) -> None:
    """Refuse a minor of whom nobody is the guardian."""
    found = await known(session, [customer_id])
    if not any(is_minor(one.born(vault), today, minors_under) for one in found.values()):
        return
    people = await persons(session, [customer_id])
    members = people.members[customer_id]
    rows = await queries.of_customers(session, members, day=today, kinds=[Relation.GUARDIAN])
    if not any(row.to_id in members for row in rows):
        raise GuardianNeeded(f"Customer {customer_id} is a minor without a guardian.")


def _row(claim: Claim, now: datetime, actor: Actor) -> RelationRow:
    return RelationRow(
        id=ids.new_id(),
        kind=claim.kind.value,
        from_id=claim.from_id,
        to_id=claim.to_id,
        # So that one index finds all that is so within an organisation.
        organization_id=claim.place,
        account_id=claim.account_id,
        subscription_id=claim.subscription_id,
        **{name: value for name, value in claim.facts.items() if value is not None},
        source=claim.source,
        evidence=claim.evidence,
        valid_from=claim.valid_from,
        valid_to=claim.valid_to,
        state="confirmed",
        created_at=now,
        created_by=actor.id,
    )


async def get(session: AsyncSession, relation_id: UUID, *, lock: bool = False) -> RelationRow:
    row = await queries.get(session, relation_id, lock=lock)
    if row is None:
        raise RelationNotFound(f"There is no relation {relation_id}.")
    return row


async def _held(session: AsyncSession, relation_id: UUID) -> RelationRow:
    """A relation that nobody else changes meanwhile, also no file, which looks at many before it writes."""
    row = await get(session, relation_id)
    people = await present(session, {row.from_id, row.to_id})
    await queries.hold(session, {people.of(row.from_id), people.of(row.to_id)})
    return await get(session, relation_id, lock=True)


async def decide(
    session: AsyncSession, relation_id: UUID, state: str, *, now: datetime, actor: Actor
) -> RelationRow:
    """It is as was proposed, or it is not and will not be proposed again."""
    row = await _held(session, relation_id)
    if row.state != "proposed":
        raise RelationDecided(f"Relation {relation_id} is {row.state}.", state=row.state)
    row.state, row.decided_at, row.decided_by = state, now, actor.id
    await session.flush()
    return row


async def end(
    session: AsyncSession, relation_id: UUID, day: date, reason: str, *, now: datetime, actor: Actor
) -> RelationRow:
    """From the day on it is not so any more; from its first day on means that it never was."""
    row = await _held(session, relation_id)
    if row.state == "dismissed" or (row.valid_to is not None and row.valid_to <= day):
        raise RelationDecided(f"Relation {relation_id} ends no later than {day} as it is.", state=row.state)
    if day < row.valid_from:
        raise DatesReversed(f"It began on {row.valid_from}, after {day}.", pointer="/on")
    row.valid_to, row.ended_at, row.ended_by, row.end_reason = day, now, actor.id, reason
    await session.flush()
    return row


async def of_customer(session: AsyncSession, customer_id: UUID, day: date | None) -> Sequence[RelationRow]:
    """What a person is to others and others to it, on a day or ever, whichever of its customers they were said of.

    What was said of two customers who turned out to be one person says nothing any more, but that it pays for itself.
    """
    people = await persons(session, [customer_id])
    members = people.members[customer_id]
    rows = await queries.of_customers(session, members, day=day)
    apart = (row.from_id not in members or row.to_id not in members for row in rows)
    return [row for row, so in zip(rows, apart, strict=True) if so or row.account_id is not None]

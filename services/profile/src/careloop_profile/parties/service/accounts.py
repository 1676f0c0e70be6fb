"""Accounts: who pays for what. What is on one are relations between the payer and whom it pays for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from careloop_common import ids
from careloop_common.privacy import Vault
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import presence
from careloop_profile.customers.errors import DatesReversed
from careloop_profile.parties.errors import AccountClosed, AccountExists, AccountNotFound, RelationNotAllowed
from careloop_profile.parties.models import AccountRow, RelationRow
from careloop_profile.parties.policy.relations import Claim, Relation
from careloop_profile.parties.queries import accounts as queries
from careloop_profile.parties.queries import relations
from careloop_profile.parties.service.persons import persons
from careloop_profile.parties.service.relating import check_of_age, relate

_ACCOUNTS = UUID("b3f5a9f6-6ad5-5a2e-9d0f-0c8e8b0c4d11")
"""Namespace of the ids that follow from a source system's key."""


@dataclass(frozen=True, slots=True)
class Account:
    row: AccountRow
    items: Sequence[RelationRow]


@dataclass(frozen=True, slots=True)
class Item:
    """Whom an account pays for, and for which subscription; without one, for all."""

    customer_id: UUID
    subscription_id: UUID | None
    since: date | None


async def open_account(
    session: AsyncSession,
    vault: Vault,
    payer_id: UUID,
    items: Sequence[Item],
    *,
    family: bool,
    key: tuple[str, str | None],
    opened_on: date,
    minors_under: int,
    today: date,
    now: datetime,
    actor: Actor,
) -> Account:
    """A new account. On a family plan are individuals, who are family by that."""
    await presence.enter(session)
    people = await persons(session, [payer_id])
    if family and people.kinds[payer_id] == "enterprise":
        raise RelationNotAllowed("No family has a firm for its payer.", pointer="/family")
    await check_of_age(session, vault, payer_id, minors_under, today)
    source, external_id = key
    account_id = uuid5(_ACCOUNTS, f"{source}\0{external_id}") if external_id else ids.new_id()
    await relations.hold(session, [account_id])
    if await queries.get(session, account_id):
        raise AccountExists("This source already has an account with this external id.")
    row = AccountRow(
        id=account_id,
        payer_id=payer_id,
        family=family,
        source=source,
        external_id=external_id,
        opened_on=opened_on,
        created_at=now,
        created_by=actor.id,
    )
    session.add(row)
    await session.flush()
    for item in items:
        await _put(session, vault, row, item, minors_under, today=today, now=now, actor=actor)
    return await get(session, row.id)


async def add(
    session: AsyncSession,
    vault: Vault,
    account_id: UUID,
    item: Item,
    *,
    minors_under: int,
    today: date,
    now: datetime,
    actor: Actor,
) -> Account:
    """One more that the account pays for."""
    await presence.enter(session)
    row = await _open(session, account_id)
    await _put(session, vault, row, item, minors_under, today=today, now=now, actor=actor)
    return await get(session, account_id)


async def close(
    session: AsyncSession, account_id: UUID, day: date, reason: str, *, now: datetime, actor: Actor
) -> Account:
    """The account pays for nothing from the day on."""
    row = await _open(session, account_id)
    if day < row.opened_on:
        raise DatesReversed(f"The account was opened on {row.opened_on}, after {day}.", pointer="/on")
    row.closed_on = day
    await session.flush()
    stamp = {"ended_at": now, "ended_by": actor.id, "end_reason": reason}
    await queries.end_items(session, account_id, day, **stamp)
    return await get(session, account_id)


async def get(session: AsyncSession, account_id: UUID) -> Account:
    row = await queries.get(session, account_id)
    if row is None:
        raise AccountNotFound(f"There is no account {account_id}.")
    return Account(row, await queries.items(session, [account_id]))


async def _open(session: AsyncSession, account_id: UUID) -> AccountRow:
    row = await queries.get(session, account_id, lock=True)
    if row is None:
        raise AccountNotFound(f"There is no account {account_id}.")
    if row.closed_on is not None:
        raise AccountClosed(f"Account {account_id} was closed on {row.closed_on}.")
    return row


async def _put(
    session: AsyncSession,
    vault: Vault,
    account: AccountRow,
    item: Item,
    minors_under: int,
    *,
    today: date,
    now: datetime,
    actor: Actor,
) -> None:
    payer_id, customer_id, since = account.payer_id, item.customer_id, item.since or account.opened_on
    people = await persons(session, [payer_id, customer_id])
    if since < account.opened_on:
        raise DatesReversed(f"The account was opened on {account.opened_on}, after {since}.")
    kinds = {people.kinds[payer_id], people.kinds[customer_id]}
    if account.family and "enterprise" in kinds:
        raise RelationNotAllowed("No firm is family.", pointer="/customer_id")
    claim = Claim(
        Relation.PAYER,
        payer_id,
        customer_id,
        since,
        account_id=account.id,
        subscription_id=item.subscription_id,
        source=account.source,
    )
    await relate(session, vault, claim, minors_under, today=today, now=now, actor=actor)
    if account.family and kinds == {"individual"} and people.of(payer_id) != people.of(customer_id):
        members = people.members[payer_id], people.members[customer_id]
        await relations.confirm_family(session, *members, decided_at=now, decided_by=SYSTEM.id)
        ends = sorted((payer_id, customer_id))
        row = (ids.new_id(), *ends, "confirmed", "family plan")
        await relations.propose(session, [row], day=since, now=now, by=SYSTEM.id)

"""Accounts: who pays for what."""

from uuid import UUID

from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, problems

from careloop_profile.customers.errors import CustomerNotFound, DatesReversed
from careloop_profile.days import Today
from careloop_profile.parties.api import READ, WRITE
from careloop_profile.parties.errors import (
    AccountClosed,
    AccountExists,
    AccountNotFound,
    GuardianNeeded,
    RelationNotAllowed,
    RelationOverlaps,
)
from careloop_profile.parties.schemas import AccountItem, AccountView, EndRelation, OpenAccount
from careloop_profile.parties.service import accounts
from careloop_profile.parties.service.accounts import Item
from careloop_profile.parties.views import account_view

router = CareRouter(prefix="/v1/accounts", tags=["parties"])
_PAYING = (CustomerNotFound, DatesReversed, GuardianNeeded, RelationNotAllowed, RelationOverlaps)


def _item(body: AccountItem) -> Item:
    return Item(body.customer_id, body.subscription_id, body.valid_from)


@router.post("", status_code=201, dependencies=[WRITE], responses=problems(AccountExists, *_PAYING))
async def open_account(
    body: OpenAccount, session: SessionDep, now: NowDep, today: Today, actor: ActorDep, runtime: RuntimeDep
) -> AccountView:
    """A new account with what is on it."""
    account = await accounts.open_account(
        session,
        runtime.vault,
        body.payer_id,
        [_item(item) for item in body.items],
        family=body.family,
        key=(body.source, body.external_id),
        opened_on=body.opened_on or today,
        minors_under=runtime.settings.minors_under,
        today=today,
        now=now,
        actor=actor,
    )
    return account_view(account)


@router.get("/{account_id}", dependencies=[READ], responses=problems(AccountNotFound))
async def get(account_id: UUID, session: SessionDep) -> AccountView:
    """An account with all that is or was on it."""
    return account_view(await accounts.get(session, account_id))


@router.post(
    "/{account_id}/items",
    status_code=201,
    dependencies=[WRITE],
    responses=problems(AccountNotFound, AccountClosed, *_PAYING),
)
async def add(
    account_id: UUID,
    body: AccountItem,
    session: SessionDep,
    now: NowDep,
    today: Today,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> AccountView:
    """One more that the account pays for; `/v1/relations/{id}/end` takes it off again."""
    account = await accounts.add(
        session,
        runtime.vault,
        account_id,
        _item(body),
        minors_under=runtime.settings.minors_under,
        today=today,
        now=now,
        actor=actor,
    )
    return account_view(account)


@router.post(
    "/{account_id}/close",
    dependencies=[WRITE],
    responses=problems(AccountNotFound, AccountClosed, DatesReversed),
)
async def close(
    account_id: UUID, body: EndRelation, session: SessionDep, now: NowDep, today: Today, actor: ActorDep
) -> AccountView:
    """The account pays for nothing from a day on."""
    account = await accounts.close(session, account_id, body.on or today, body.reason, now=now, actor=actor)
    return account_view(account)

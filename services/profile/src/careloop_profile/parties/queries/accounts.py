from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import among
from careloop_profile.parties.models import AccountRow, RelationRow
from careloop_profile.parties.queries.relations import RELATION

ACCOUNT: Table = AccountRow.__table__  # type: ignore[attr-defined]


async def get(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> AccountRow | None:
    return await session.get(AccountRow, account_id, with_for_update=lock or None)


async def paid_by(session: AsyncSession, customer_ids: Collection[UUID]) -> Sequence[AccountRow]:
    """The accounts of a payer, also closed ones."""
    mine = select(AccountRow).where(among(ACCOUNT.c.payer_id, list(customer_ids)))
    return (await session.scalars(mine.order_by(ACCOUNT.c.id))).all()


async def items(session: AsyncSession, account_ids: Collection[UUID]) -> Sequence[RelationRow]:
    """For whom and what these accounts pay, or paid."""
    statement = select(RelationRow).where(among(RELATION.c.account_id, list(account_ids)))
    fresh = statement.order_by(RELATION.c.id).execution_options(populate_existing=True)
    return (await session.scalars(fresh)).all()


async def end_items(session: AsyncSession, account_id: UUID, day: date, **stamp: Any) -> None:
    """Nothing is on the account from the day on; what was to begin later never does."""
    columns = RELATION.c
    still = (columns.account_id == account_id, or_(columns.valid_to.is_(None), columns.valid_to > day))
    later = (
        update(RELATION).where(*still, columns.valid_from > day).values(valid_to=columns.valid_from, **stamp)
    )
    await session.execute(later)
    open_ = update(RELATION).where(*still, columns.valid_from <= day).values(valid_to=day, **stamp)
    await session.execute(open_)

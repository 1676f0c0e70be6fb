"""Reading the replica in chunks, in the order of customer ids."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from careloop_common.database import Database
from sqlalchemy import ColumnElement, Row, Select, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_scoring.customers.models import Customer, CustomerActivity
from careloop_scoring.customers.policy import Activity, Facts, Subscription

SAMPLE_PARTS = 1000


async def count(session: AsyncSession, *statuses: str) -> int:
    """Customers who did not refuse to be assessed."""
    statement = select(func.count()).select_from(Customer).where(_in(statuses))
    return (await session.execute(statement)).scalar_one()


async def count_scorable(session: AsyncSession) -> tuple[int, int]:
    """Active customers about whom machines may decide, and those who refused that."""
    refused = func.count().filter(_withheld().is_not(None))
    status: Any = Customer.status
    statement = select(func.count(), refused).select_from(Customer).where(status == "active")
    everybody, withheld = (await session.execute(statement)).one()
    return everybody - withheld, withheld


async def withheld(session: AsyncSession, customer_id: UUID) -> str | None:
    """What the customer refused, if it forbids a score."""
    return (await session.execute(select(_withheld()).where(_id() == customer_id))).scalar_one_or_none()


async def chunk(
    session: AsyncSession,
    *statuses: str,
    after: UUID | None,
    limit: int,
    parts: int = SAMPLE_PARTS,
    scorable: bool = False,
) -> list[Facts]:
    """The next customers by id; `parts` thousandths of them, always the same ones, when fewer are wanted.

    `scorable` leaves out those about whom no machine may decide.
    """
    statement = _facts().where(_in(statuses)).order_by(text("customer.customer_id")).limit(limit)
    if after is not None:
        statement = statement.where(_id() > after)
    if scorable:
        statement = statement.where(_withheld().is_(None))
    if parts < SAMPLE_PARTS:
        statement = statement.where(
            text(
                "('x' || left(md5(customer.customer_id::text), 7))::bit(28)::int % :all < :parts"
            ).bindparams(all=SAMPLE_PARTS, parts=parts)
        )
    return [_to_facts(row) for row in await session.execute(statement)]


async def walk(
    database: Database, *statuses: str, size: int = 2000, parts: int = SAMPLE_PARTS
) -> AsyncIterator[list[Facts]]:
    """Every customer of these statuses, each chunk read in a short transaction of its own."""
    after: UUID | None = None
    while True:
        async with database.transaction() as session:
            found = await chunk(session, *statuses, after=after, limit=size, parts=parts)
        if not found:
            return
        yield found
        after = found[-1].customer_id


def is_active(customer_id: Any) -> ColumnElement[bool]:
    """Whether the customer of another table's row is active, and did not refuse to be assessed."""
    return exists().where(_id() == customer_id, _in(("active",)))


def is_scorable(customer_id: Any) -> ColumnElement[bool]:
    """Whether the customer of another table's row is active, and machines may decide about them."""
    return exists().where(_id() == customer_id, _in(("active",)), _withheld().is_(None))


def is_withheld(customer_id: Any) -> ColumnElement[bool]:
    """Whether the customer of another table's row refused to be scored."""
    return exists().where(_id() == customer_id, _withheld().is_not(None))


async def count_paying(session: AsyncSession) -> int:
    paying: Any = CustomerActivity.payments
    statement = (
        select(func.count())
        .select_from(CustomerActivity)
        .where(paying > 0, is_active(CustomerActivity.customer_id))
    )
    return (await session.execute(statement)).scalar_one()


async def lock_scorable(session: AsyncSession, customer_ids: Sequence[UUID]) -> set[UUID]:
    """Those who are still active and did not refuse meanwhile, and stay so until this transaction ends."""
    statement = (
        select(_id())
        .where(_id().in_(customer_ids), _in(("active",)), _withheld().is_(None))
        .order_by(text("customer_id"))
        .with_for_update(read=True)
    )
    return set((await session.execute(statement)).scalars())


def _in(statuses: Sequence[str]) -> ColumnElement[bool]:
    column: Any = Customer.status
    condition: ColumnElement[bool] = column.in_(statuses) & _withheld().is_distinct_from("profiling")
    return condition


def _withheld() -> Any:
    return Customer.withheld


def _id() -> Any:
    return Customer.customer_id


def _facts() -> Select[Any]:
    known, did = Customer.__table__, CustomerActivity.__table__  # type: ignore[attr-defined]
    return select(
        known.c.customer_id,
        known.c.status,
        known.c.kind,
        known.c.facts,
        did.c.interactions,
        did.c.payments,
        did.c.amount,
        did.c.complaints,
        did.c.last_at,
        did.c.last_paid_at,
    ).select_from(known.outerjoin(did, did.c.customer_id == known.c.customer_id))


def _to_facts(row: Row[Any]) -> Facts:
    raw: dict[str, Any] = row.facts
    return Facts(
        customer_id=row.customer_id,
        status=row.status,
        kind=row.kind,
        region=raw["region"],
        vip=raw["vip"],
        care_flags=tuple(raw["care_flags"]),
        devices=raw["devices"],
        joined_on=_day(raw["joined_on"]),
        left_on=_day(raw["left_on"]),
        subscriptions=tuple(
            Subscription(**one | {name: _day(one[name]) for name in ("started_on", "ended_on")})
            for one in raw["subscriptions"]
        ),
        attributes=raw["attributes"],
        activity=_activity(row),
    )


def _activity(row: Row[Any]) -> Activity | None:
    if row.last_at is None:
        return None
    return Activity(
        row.interactions, row.payments, float(row.amount), row.complaints, row.last_at, row.last_paid_at
    )


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from careloop_common import subject_keys
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from careloop_ticketing.customers.models import CustomerRow

__all__ = ["CustomerRow", "find", "replicate"]


class Replicated(NamedTuple):
    changed: Sequence[CustomerRow]
    moved: Sequence[CustomerRow]
    """Of these, those who were known and are of another class or region by now."""


async def replicate(session: AsyncSession, states: Sequence[Mapping[str, Any]]) -> Replicated:
    """Keep the highest version of each customer. Two statements, however many."""
    latest = {state["id"]: state for state in sorted(states, key=lambda state: state["version"])}
    for erased in await subject_keys.destroyed(session, latest.keys()):
        del latest[erased]
    if not latest:
        return Replicated([], [])
    known = select(CustomerRow.id, CustomerRow.vip, CustomerRow.region).where(col(CustomerRow.id).in_(latest))
    before = {row.id: (row.vip, row.region) for row in await session.execute(known)}
    upsert = insert(CustomerRow).values(list(latest.values()))
    newer = {name: upsert.excluded[name] for name in next(iter(latest.values())) if name != "id"}
    statement = upsert.on_conflict_do_update(
        index_elements=["id"], set_=newer, where=col(CustomerRow.version) < upsert.excluded.version
    ).returning(CustomerRow)
    changed = (await session.scalars(statement, execution_options={"populate_existing": True})).all()
    return Replicated(changed, [row for row in changed if before.get(row.id, _facts(row)) != _facts(row)])


def _facts(row: CustomerRow) -> tuple[bool, str | None]:
    return row.vip, row.region


async def find(
    session: AsyncSession, customer_id: UUID | None, reference: tuple[str, str] | None
) -> CustomerRow | None:
    """The customer of this id or, failing that, of this (source, external id); none if profile has not told us."""
    if customer_id is not None:
        return await session.get(CustomerRow, customer_id)
    if reference is None:
        return None
    source, external_id = reference
    named = col(CustomerRow.source) == source, col(CustomerRow.external_id) == external_id
    return (await session.scalars(select(CustomerRow).where(*named).limit(1))).one_or_none()

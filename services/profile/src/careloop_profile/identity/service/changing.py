"""Writing down who is one person, and since when."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import service as customers
from careloop_profile.customers.queries import Kinship
from careloop_profile.identity import policy, queries
from careloop_profile.identity.models import MergeRow
from careloop_profile.identity.policy import Method
from careloop_profile.identity.service.holding import Held


def change(
    operation: str,
    method: Method,
    reason: str,
    before: Sequence[Sequence[UUID]],
    after: Sequence[Sequence[UUID]],
    now: datetime,
    actor: Actor,
    undoes: UUID | None = None,
) -> MergeRow:
    """A change of persons, of which nothing has been written down yet."""
    return MergeRow(
        id=ids.new_id(),
        operation=operation,
        method=method.value,
        reason=reason,
        undoes=undoes,
        customers=sorted(key for person in before for key in person),
        before=[list(map(str, person)) for person in before],
        after=[list(map(str, person)) for person in after],
        at=now,
        by=actor.id,
    )


async def become(
    session: AsyncSession, held: Held, row: MergeRow, now: datetime, *, gone: Collection[UUID] = ()
) -> None:
    """Write down who is one person now, and tell everybody whom it concerns; of those who are `gone` nothing
    is told."""
    session.add(row)
    before, after = ([[UUID(key) for key in person] for person in side] for side in (row.before, row.after))
    rows = [held.row_of(person[0]) for person in before]
    members = {
        one.customer_id: Kinship(person[0], one.since)
        for person in after
        if len(person) > 1
        for one in policy.row_of(person, rows, now)
    }
    for key in row.customers:
        held.kin.pop(key, None)
    held.kin.update(members)
    await queries.set_persons(session, members, set(row.customers) - set(members))
    told = [held.customers[key] for key in row.customers if key not in gone]
    for customer in await customers.retell(session, told, now=now):
        held.customers[customer.customer_id] = customer

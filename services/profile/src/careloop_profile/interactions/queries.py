from collections.abc import Sequence
from typing import Any
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.interactions.models import ActivityRow, InteractionRow


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


INTERACTION, ACTIVITY = _table(InteractionRow), _table(ActivityRow)


async def timeline(
    session: AsyncSession, customer_id: UUID, *, before: tuple[Any, ...] | None, limit: int
) -> Sequence[Any]:
    """A customer's interactions from the newest on."""
    columns = INTERACTION.c
    shown = (columns.channel, columns.kind, columns.direction, columns.amount, columns.properties)
    statement = select(
        columns.message_uid.label("interaction_id"), columns.occurred_at, *shown, columns.time_suspect
    ).where(columns.customer_id == customer_id)
    place = columns.occurred_at, columns.message_uid
    return (await session.execute(keyset.backward(statement, *place, before=before, limit=limit))).all()


async def activity(session: AsyncSession, customer_id: UUID) -> Sequence[Any]:
    statement = select(ACTIVITY).where(ACTIVITY.c.customer_id == customer_id).order_by(ACTIVITY.c.channel)
    return (await session.execute(statement)).all()

"""A person's interactions: those of all its customers, each read along its own index.

Asking for the interactions of any of fifty customers in one order would read and sort all of them; asking each for its
newest few reads no more than is shown (`LATERAL`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import DEVICE, among
from careloop_profile.interactions.queries import ACTIVITY, INTERACTION

_SHOWN: Final = ("customer_id", "occurred_at", "channel", "kind", "direction", "amount", "properties")


_LATELY: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which touches; what is None does not matter."""

    channel: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def touches(
    session: AsyncSession,
    members: Collection[UUID],
    wanted: Wanted,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Sequence[Any]:
    """The interactions of all these customers from the newest on.

    To whom much happens, enough happened in the last days: only where it did not are all partitions looked through.
    """
    newest = min(at for at in (now, wanted.until, before and before[0]) if at)
    lately = newest - _LATELY
    if wanted.since is None or wanted.since < lately:
        few = replace(wanted, since=lately)
        rows: Sequence[Any] = (await session.execute(_touches(members, few, before, limit))).all()
        if len(rows) == limit:
            return rows
    found: Sequence[Any] = (await session.execute(_touches(members, wanted, before, limit))).all()
    return found


def _touches(
    members: Collection[UUID], wanted: Wanted, before: tuple[datetime, UUID] | None, limit: int
) -> Select[Any]:
    columns = INTERACTION.c
    member = func.unnest(literal(list(members), ARRAY(Uuid))).table_valued("id").render_derived("member")
    place = columns.occurred_at, columns.message_uid
    shown = [columns[name] for name in _SHOWN]
    one = select(columns.message_uid.label("interaction_id"), *shown, columns.time_suspect).where(
        columns.customer_id == member.c.id, *_conditions(wanted, before)
    )
    each = keyset.backward(one, *place, before=before, limit=limit).lateral("touch")
    together = select(each).select_from(member.join(each, true()))
    return together.order_by(each.c.occurred_at.desc(), each.c.interaction_id.desc()).limit(limit)


def _conditions(wanted: Wanted, before: tuple[datetime, UUID] | None) -> Iterator[ColumnElement[bool]]:
    columns = INTERACTION.c
    for name in ("channel", "kind"):
        if (value := getattr(wanted, name)) is not None:
            yield columns[name] == value
    if wanted.since is not None:
        yield columns.occurred_at >= wanted.since
    if wanted.until is not None:
        yield columns.occurred_at < wanted.until
    if before is not None:  # partitions are left out by what bounds a column, not by what bounds a row
        yield columns.occurred_at <= before[0]


async def activity(session: AsyncSession, members: Collection[UUID]) -> Sequence[Any]:
    """The counters of all these customers, channel by channel."""
    columns = ACTIVITY.c
    summed = [
        func.sum(columns[name]).label(name) for name in ("interactions", "payments", "amount", "complaints")
    ]
    first, last = func.min(columns.first_at), func.max(columns.last_at)
    statement = select(columns.channel, *summed, first.label("first_at"), last.label("last_at"))
    statement = statement.where(among(columns.customer_id, list(members)))
    return (await session.execute(statement.group_by(columns.channel).order_by(columns.channel))).all()


async def devices(session: AsyncSession, members: Collection[UUID]) -> Sequence[Any]:
    columns = DEVICE.c
    statement = select(DEVICE).where(among(columns.customer_id, list(members)))
    return (await session.execute(statement.order_by(columns.customer_id, columns.device_id))).all()

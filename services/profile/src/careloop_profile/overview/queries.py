"""A person's interactions: those of all its customers, each read along its own index.

Asking for the interactions of any of fifty customers in one order would read and sort all of them; asking each for its
newest few reads no more than is shown (`LATERAL`).
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextualSelect, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers.queries import DEVICE, among_ids

_LATELY: Final = timedelta(days=8)
_TOUCHES: Final = """
    SELECT touch.* FROM unnest(CAST(:members AS uuid[])) AS member (id) CROSS JOIN LATERAL (
        SELECT message_uid AS interaction_id, customer_id, occurred_at, channel, kind, direction, amount, properties,
               time_suspect
        FROM interaction WHERE customer_id = member.id{conditions}
        ORDER BY occurred_at DESC, message_uid DESC LIMIT :limit
    ) AS touch ORDER BY occurred_at DESC, interaction_id DESC LIMIT :limit
"""
_CONDITIONS: Final = {
    "channel": "channel = :channel",
    "kind": "kind = :kind",
    "since": "occurred_at >= :since",
    "until": "occurred_at < :until",
    # Partitions are left out by what bounds a column, not by what bounds a row.
    "before": "occurred_at <= :before AND (occurred_at, message_uid) < (:before, :before_id)",
}
_DEVICES: Final = (
    select(DEVICE).where(among_ids(DEVICE.c.customer_id)).order_by(DEVICE.c.customer_id, DEVICE.c.device_id)
)


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
        rows = await _read(session, members, replace(wanted, since=lately), before, limit)
        if len(rows) == limit:
            return rows
    return await _read(session, members, wanted, before, limit)


async def _read(
    session: AsyncSession,
    members: Collection[UUID],
    wanted: Wanted,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    place, uid = before or (None, None)
    asked = {**asdict(wanted), "before": place}
    given = {name: value for name, value in asked.items() if value is not None}
    others = {"members": list(members), "limit": limit} | ({"before_id": uid} if before else {})
    return (await session.execute(_touches(frozenset(given)), given | others)).all()


@cache
def _touches(given: frozenset[str]) -> TextualSelect:
    """The statement that bounds by these of the parameters: put together once, as that costs more than running it."""
    conditions = "".join(f" AND {_CONDITIONS[name]}" for name in sorted(given))
    return text(_TOUCHES.format(conditions=conditions)).columns(properties=JSONB)


async def devices(session: AsyncSession, members: Collection[UUID]) -> Sequence[Any]:
    return (await session.execute(_DEVICES, {"ids": list(members)})).all()

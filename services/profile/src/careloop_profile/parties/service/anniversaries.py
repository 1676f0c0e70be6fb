"""Days that come round: listing them, and telling of each some days before.

One timer per day goes through all kinds, a page at a time, and arms itself for the next page in the transaction that
told of this one. So who joins, moves or dies meanwhile has no timer to be mended, and nobody is told of twice.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from careloop_common import ids, outbox, timers
from careloop_common.privacy import Vault
from careloop_common.timers import DueTimer
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.parties import events
from careloop_profile.parties.policy.anniversaries import Anniversary, days_between, kept_on
from careloop_profile.parties.queries import anniversaries as queries
from careloop_profile.parties.queries.anniversaries import Found
from careloop_profile.parties.service.proposing import birthday_key

TIMER: Final = "anniversaries"
PAGE: Final = 500
_KINDS: Final = tuple(Anniversary)
_CAUGHT_UP: Final = 3
"""Days that are told of late after a standstill; older ones nobody wants to hear of."""


async def listed(
    session: AsyncSession,
    vault: Vault,
    kind: Anniversary,
    first: date,
    last: date,
    *,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[Found]:
    """What of this kind comes round from the first day to the last, in the order of the days."""
    days = [(_key(vault, kind, *kept), day) for day in days_between(first, last) for kept in kept_on(day)]
    return await queries.found(session, kind, days, after=after, limit=limit)


def _key(vault: Vault, kind: Anniversary, month: int, day: int) -> str:
    return birthday_key(vault, month, day) if kind is Anniversary.BIRTHDAY else str(month * 100 + day)


async def plan(session: AsyncSession, zone: ZoneInfo, hour: int, *, now: datetime) -> None:
    """Arm the timers of tomorrow and of the days before that were forgotten."""
    today = now.astimezone(zone).date()
    for day in days_between(today - timedelta(days=_CAUGHT_UP), today + timedelta(days=1)):
        if await queries.plan_sweep(session, day, now):
            due = datetime.combine(day, time(hour), zone)
            step = {"day": day.isoformat(), "kind": 0, "after": None}
            await timers.arm(
                session, kind=TIMER, owner_id=ids.new_id(), step="tell", due_at=max(due, now), data=step
            )


class Teller:
    """Tells of what comes round, so many days before as is set for each kind; of a kind without a number nobody."""

    def __init__(self, vault: Vault, days_before: Mapping[Anniversary, int]) -> None:
        self._vault, self._days_before = vault, days_before

    async def on_due(self, session: AsyncSession, timer: DueTimer, now: datetime) -> None:
        """Tell of one page of one kind."""
        day, kind = date.fromisoformat(timer.data["day"]), _KINDS[timer.data["kind"]]
        after = timer.data["after"]
        place = (date.fromisoformat(after[0]), UUID(after[1])) if after else None
        days = self._days_before.get(kind)
        found: list[Found] = []
        if days is not None:
            on = day + timedelta(days=days)
            found = await listed(session, self._vault, kind, on, on, after=place, limit=PAGE)
        for one in found:
            outbox.add(session, events.approaching(kind, one, days or 0), now=now)
        if len(found) == PAGE:
            following = timer.data | {"after": [found[-1].day.isoformat(), str(found[-1].subject_id)]}
        elif timer.data["kind"] + 1 < len(_KINDS):
            following = timer.data | {"kind": timer.data["kind"] + 1, "after": None}
        else:
            return
        step = f"tell {following['kind']} {following['after'] or ''}"
        await timers.arm(session, kind=TIMER, owner_id=timer.owner_id, step=step, due_at=now, data=following)

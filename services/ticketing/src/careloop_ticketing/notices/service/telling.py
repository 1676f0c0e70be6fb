"""Writing notices, and announcing them to whatever carries them out of the house: many at once, by two statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from careloop_common import ids, outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.notices import events, metrics, queries
from careloop_ticketing.notices.policy.roster import Role
from careloop_ticketing.notices.policy.telling import USUAL, Channel, Choice, Notice, Reason, one_each

log = structlog.get_logger()

TOGETHER: Final = 300
"""Notices of one person in an event: many more would be too large for one."""
Written = list[tuple[UUID, Notice]]


async def tell(session: AsyncSession, notices: Iterable[Notice], *, by: str, now: datetime) -> None:
    """Tell each of these people once of each ticket, in this transaction; watchers only of what they want to hear."""
    said = list(notices)
    if not said:
        return
    chosen = await choices(session, {notice.recipient for notice in said})
    wanted = (
        one
        for one in said
        if one.role is not Role.WATCHER or one.reason in chosen.get(one.recipient, USUAL).watched
    )
    written = [(ids.new_id(), notice) for notice in one_each(wanted)]
    if not written:
        return
    also = ["\n".join(notice.also) for _, notice in written]
    await queries.store(session, [_row(*one) for one in written], also=also, by=by, now=now)
    _announce(session, written, chosen, by, now)
    _count(notice for _, notice in written)


async def choices(session: AsyncSession, people: Iterable[str]) -> Mapping[str, Choice]:
    """What these people chose, as far as they chose."""
    return {
        row.agent_id: Choice(frozenset(map(Reason, row.watched)), tuple(map(Channel, row.channels)))
        for row in await queries.choices(session, list(people))
    }


def _row(notice_id: UUID, notice: Notice) -> Mapping[str, Any]:
    return {
        "id": notice_id,
        "ticket_id": notice.ticket_id,
        "number": notice.number,
        "recipient": notice.recipient,
        "role": notice.role.value,
        "reason": notice.reason.value,
        "level": notice.level.value if notice.level else None,
        "clock": notice.clock,
        "step": notice.step,
        "due_at": notice.due_at,
        "asks": notice.asks,
    }


def _announce(
    session: AsyncSession, written: Written, chosen: Mapping[str, Choice], by: str, now: datetime
) -> None:
    of_person: dict[tuple[str, Reason], Written] = defaultdict(list)
    for notice_id, notice in written:
        of_person[notice.recipient, notice.reason].append((notice_id, notice))
    for (person, _), theirs in of_person.items():
        for place in range(0, len(theirs), TOGETHER):
            some: Sequence[tuple[UUID, Notice]] = theirs[place : place + TOGETHER]
            outbox.add(session, events.noticed(some, chosen.get(person, USUAL), by=by, now=now), now=now)


def _count(notices: Iterable[Notice]) -> None:
    """Count them, and raise an alarm where a level had nobody to hold it."""
    unheld: dict[tuple[str, str], int] = defaultdict(int)
    for notice in notices:
        metrics.TOLD.labels(notice.reason.value, notice.role.value).inc()
        if notice.role in {Role.FALLBACK, Role.NOBODY}:
            unheld[notice.level.value if notice.level else "", notice.role.value] += 1
    for (level, role), count in unheld.items():
        metrics.UNHELD.labels(level, role).inc(count)
        (log.error if role == Role.NOBODY.value else log.warning)(
            "notice.no_holder", level=level, told=role, count=count
        )

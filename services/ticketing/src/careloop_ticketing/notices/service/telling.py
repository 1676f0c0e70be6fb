"""Writing notices, and announcing them to whatever carries them out of the house: many at once, by two statements."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from careloop_common import ids, outbox
from careloop_common.database import lasting
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.notices import events, metrics, queries
from careloop_ticketing.notices.policy.roster import NOBODY, Role
from careloop_ticketing.notices.policy.telling import USUAL, Channel, Choice, Notice, Reason, one_each
from careloop_ticketing.vocabulary import Level

log = structlog.get_logger()

TOGETHER: Final = 300
"""Notices of one person in an event: many more would be too large for one."""
QUIET: Final = timedelta(minutes=1)
"""After an alarm, before the same is raised again."""
_STOPGAPS: Final = frozenset({Role.FALLBACK, Role.NOBODY})
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
    await queries.store(session, written, by=by, now=now)
    _announce(session, written, chosen, by, now)
    _count(session, (notice for _, notice in written), now)


async def choices(session: AsyncSession, people: Iterable[str]) -> Mapping[str, Choice]:
    """What these people chose, as far as they chose."""
    asked = [person for person in people if person != NOBODY]
    if not asked:
        return {}
    return {
        row.agent_id: Choice(frozenset(map(Reason, row.watched)), tuple(map(Channel, row.channels)))
        for row in await queries.choices(session, asked)
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


def _count(session: AsyncSession, notices: Iterable[Notice], now: datetime) -> None:
    """Count them, and raise an alarm where a level had nobody to hold it."""
    counted = Counter((notice.reason, notice.role, notice.level) for notice in notices)
    for (reason, role, level), count in counted.items():
        metrics.TOLD.labels(reason.value, role.value).inc(count)
        if role in _STOPGAPS:
            metrics.UNHELD.labels(level or "", role.value).inc(count)
            _alarm(session, role, level, now)


def _alarm(session: AsyncSession, role: Role, level: Level | None, now: datetime) -> None:
    """Say it, but not all the time: the counter has how often."""
    said: dict[tuple[Role, Level | None], datetime] = lasting(session).setdefault(_alarm, {})
    last = said.get((role, level))
    if last is None or now >= last + QUIET:
        said[role, level] = now
        say = log.error if role is Role.NOBODY else log.warning
        say("notice.no_holder", held=level, told=role.value)

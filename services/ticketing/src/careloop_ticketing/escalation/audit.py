"""The auditor of clocks: whatever is due soon has a timer that will see to it, or gets one, before it is late.

A clock says itself when its next step is due, and of which generation its timer is. So what is wrong can be found by an
index, however many clocks there are, and whatever went wrong.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from careloop_common import clock, timers
from careloop_common.failures import is_transient
from careloop_common.runtime import Runtime
from careloop_common.timers.claim import LONGEST_DELAY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation import metrics
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.store import KEY
from careloop_ticketing.tickets.service import standing

log = structlog.get_logger()

EVERY_SECONDS: Final = 20
AHEAD: Final = timedelta(seconds=60)
MOMENTS: Final = timedelta(seconds=5)
_BATCH: Final = 500

UNSEEN: Final = text(
    f"SELECT c.subject_id, {KEY} AS key FROM sla_clock AS c WHERE c.next_at IS NOT NULL AND c.next_at < :until"  # noqa: S608
    f" AND NOT EXISTS (SELECT FROM timer AS t WHERE t.kind = :kind AND t.owner_id = c.subject_id AND t.step = {KEY}"
    " AND t.generation = c.generation AND (t.status = 'armed' OR t.attempts > 0) AND (t.available_at <= greatest(c.next_at, :soon)"
    " OR t.attempts > 0 AND t.available_at <= :rested)) ORDER BY c.next_at LIMIT :limit"
)
_LATE: Final = text("SELECT count(*), min(next_at) FROM sla_clock WHERE next_at < :late")


async def watch(runtime: Runtime[Any]) -> None:
    """Set the gauges: in each process, for each is asked by itself."""
    now = clock.now()
    async with runtime.database.transaction() as session:
        late, oldest = await overdue(session, now=now)
    metrics.OVERDUE.set(late)
    metrics.OLDEST.set((now - oldest).total_seconds() if oldest else 0)
    if late:
        log.error("clock.overdue", clocks=late, oldest=oldest and oldest.isoformat())


async def overdue(session: AsyncSession, *, now: datetime) -> tuple[int, datetime | None]:
    """How many clocks are late with a step, and since when the first is.

    Their timers do not tell: one that gives way to whoever holds its ticket is due anew each time, and never late.
    """
    late, oldest = (await session.execute(_LATE, {"late": now - MOMENTS})).one()
    return late, oldest


async def audit(runtime: Runtime[Any]) -> bool:
    """Find and repair; whether there may be more.

    What its clocks cannot stand, such as terms that cannot be read, kills their timers, and is to harm no other clock: so
    the dead are tried again without a look at them, and each that dies again is told of again.
    """
    async with runtime.database.transaction() as session:
        retried = await timers.retry_dead(session, sla.TIMER, limit=_BATCH)
    if retried:
        log.error("clock.timers_retried", timers=retried)
    async with runtime.database.transaction() as session:
        repaired = await repair(session, now=clock.now())
    return _BATCH in {retried, repaired}


def asked(now: datetime) -> dict[str, Any]:
    """What `UNSEEN` is asked at an instant."""
    return {
        "until": now + AHEAD,
        # A timer that found its ticket in somebody's hands comes back within moments, one that failed after its rest.
        "soon": now + MOMENTS,
        "rested": now + LONGEST_DELAY + MOMENTS,
        "kind": sla.TIMER,
        "limit": _BATCH,
    }


async def repair(session: AsyncSession, *, now: datetime) -> int:
    """Give every clock that is due within a minute its timer; returns how many had none that would have counted.

    A clock whose ticket somebody holds is about to change, and is looked at again the next time.
    """
    given = asked(now)
    found = (await session.execute(UNSEEN, given)).all()
    if not found:
        return 0
    free = await standing.lock(session, {row.subject_id for row in found})
    # Locked now, they are read again: what was being stored a moment ago is there by now.
    still = (await session.execute(UNSEEN, given)).all()
    broken = [(row.subject_id, row.key) for row in still if row.subject_id in free]
    return await _rearm(session, broken)


async def _rearm(session: AsyncSession, broken: Sequence[tuple[UUID, str]]) -> int:
    """Give clocks their timers; returns how many got one. What cannot be read stands in the way of no other."""
    try:
        async with session.begin_nested():
            await sla.rearm(session, await sla.some(session, broken))
    except Exception as error:
        if is_transient(error):
            raise
        if len(broken) > 1:
            return sum([await _rearm(session, [one]) for one in broken])
        log.exception("clock.unreadable", ticket_id=str(broken[0][0]), clock=broken[0][1])
        return 0
    for subject_id, key in broken:
        metrics.REPAIRED.inc()
        log.error("clock.repaired", ticket_id=str(subject_id), clock=key)
    return len(broken)

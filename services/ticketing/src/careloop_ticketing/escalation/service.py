"""Taking the steps of ladders when their clocks reach them.

A timer only says *look at this clock now*. What is due is read off the clock. All that is due at an instant is worked out
together and stored by a handful of statements, so that a hundred thousand clocks can run out in the same second.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import ids, outbox, records
from careloop_common.timers import DueTimer
from careloop_common.tokens import SYSTEM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation import addressing, events, lifting, metrics
from careloop_ticketing.escalation.climbing import Taken, climb, lifts, one_notice_each
from careloop_ticketing.notices import service as notices
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.service import Watch, Watches
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import standing

_COLUMNS: Final = {
    "id": "uuid",
    "ticket_id": "uuid",
    "clock": "text",
    "policy_version": "int",
    "step": "text",
    "action": "text",
    "is_breach": "bool",
    "told": "text",
    "level": "text",
    "tier": "text",
    "notice": "bool",
    "due_at": "timestamptz",
    "team": "text",
    "region": "text",
    "people": "text[]",
}
_NAMES: Final = ", ".join(_COLUMNS)
_RECORD: Final = text(
    f"INSERT INTO escalation ({_NAMES}, escalated_at) SELECT {_NAMES}, :now FROM {records.given(_COLUMNS)}"  # noqa: S608
)


async def on_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """Take every step that is due on the clocks of these timers, and on other clocks of their tickets."""
    free = await tickets.lock_due(session, due, now)
    watches = await _watches(session, [timer for timer in due if timer.owner_id in free], now)
    steps: list[Taken] = []
    for ticket_id, keys in _looked_at(due, watches).items():
        theirs = watches[ticket_id]
        steps += climb(free[ticket_id], theirs, now)
        # Where nothing was due after all, the timer is gone nevertheless, and the clock needs its next one.
        climbed = {one.key for one in theirs.changed}
        theirs.put_all([theirs.by_key[key].rearmed() for key in keys - climbed])
    told = await lifting.begin_late(session, steps, watches, now)
    taken = one_notice_each(await addressing.address(session, told, now))
    moved = {one.ticket.id: one.ticket for one in taken}
    await standing.store(session, list(moved.values()), [one.entry for one in taken], now=now)
    await _record(session, taken, now)
    await notices.tell(session, addressing.notices_of(taken), by=SYSTEM.id, now=now)
    await sla.save(session, *watches.values())


def _looked_at(due: Sequence[DueTimer], watches: Mapping[UUID, Watches]) -> Mapping[UUID, set[str]]:
    """The clocks of each ticket whose timers these are; whatever else of it is due is taken with them.

    So steps are taken in the order in which they were due, and whoever is told is told once, also where two workers had
    timers of a ticket, gave way to each other, and these fire again one after the other.
    """
    found: dict[UUID, set[str]] = defaultdict(set)
    for timer in due:
        theirs = watches.get(timer.owner_id)
        watch = theirs.by_key.get(timer.step) if theirs else None
        if watch and watch.generation == timer.generation:
            found[timer.owner_id].add(timer.step)
    return found


async def _watches(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> Mapping[UUID, Watches]:
    """The clocks that are due; of a ticket that is about to be lifted the others too, for their targets may move."""
    by_ticket: dict[UUID, list[Watch]] = defaultdict(list)
    lifted: set[UUID] = set()
    for watch in await sla.due(session, [(timer.owner_id, timer.step) for timer in due], now):
        by_ticket[watch.subject_id].append(watch)
        if lifts(watch, now):
            lifted.add(watch.subject_id)
    if lifted:
        for ticket_id, present in (await sla.of_all(session, lifted)).items():
            by_ticket[ticket_id] += present.values()
    return {ticket_id: Watches(ticket_id, theirs) for ticket_id, theirs in by_ticket.items()}


async def _record(session: AsyncSession, taken: Sequence[Taken], now: datetime) -> None:
    counted = Counter((one.watch.name, one.upcoming.step.name) for one in taken)
    for (clock, step), count in counted.items():
        metrics.STEPS.labels(clock, step).inc(count)
    for one in taken:
        if one.upcoming.step.is_breach:
            outbox.add(session, events.breached(one), now=now)
        outbox.add(session, events.escalated(one, now), now=now)
        if one.lost_by is not None:
            outbox.add(session, events.lost(one, one.lost_by, now), now=now)
    if taken:
        rows = records.encode(_COLUMNS, map(_row, taken))
        await session.execute(_RECORD, {"rows": rows, "now": now})


def _row(one: Taken) -> tuple[Any, ...]:
    step = one.upcoming.step
    return (
        ids.new_id(),
        one.ticket.id,
        one.watch.name,
        one.watch.policy.version,
        step.name,
        step.action,
        step.is_breach,
        one.told,
        one.level,
        one.tier,
        one.notice,
        one.upcoming.due_at,
        one.ticket.team,
        one.ticket.region,
        addressing.named(one.people),
    )

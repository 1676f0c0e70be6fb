"""Taking the steps of ladders when their clocks reach them.

A timer only says *look at this clock now*. What is due is read off the clock. All that is due at an instant is worked out
together and stored by a handful of statements, so that a hundred thousand clocks can run out in the same second.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import ids, outbox
from careloop_common.timers import DueTimer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.escalation import events, metrics
from careloop_ticketing.escalation.climbing import Taken, climb, lifts, one_notice_each
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.watches import Calendars
from careloop_ticketing.sla.service import Watch, Watches
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import standing

_RECORD: Final = text(
    "INSERT INTO escalation (id, ticket_id, clock, policy_version, step, action, is_breach, told, level, tier, notice,"
    " due_at, escalated_at)"
    " SELECT new.*, :now FROM unnest(CAST(:ids AS uuid[]), CAST(:tickets AS uuid[]), CAST(:clocks AS text[]),"
    " CAST(:policies AS int[]), CAST(:steps AS text[]), CAST(:actions AS text[]), CAST(:breaches AS bool[]),"
    " CAST(:told AS text[]), CAST(:levels AS text[]), CAST(:tiers AS text[]), CAST(:notices AS bool[]),"
    " CAST(:due AS timestamptz[])) AS new"
)


async def on_due(session: AsyncSession, due: Sequence[DueTimer], now: datetime) -> None:
    """Take every step that is due on the clocks of these timers, and on other clocks of their tickets."""
    free = await tickets.lock_due(session, due, now)
    watches, calendars = await _watches(session, [timer for timer in due if timer.owner_id in free], now)
    steps: list[Taken] = []
    for ticket_id, keys in _to_climb(due, watches, now).items():
        theirs = watches[ticket_id]
        steps += climb(free[ticket_id], theirs, keys, calendars, now)
        # Where nothing was due after all, the timer is gone nevertheless, and the clock needs its next one.
        climbed = {one.key for one in theirs.changed}
        theirs.put_all([theirs.by_key[key].rearmed() for key in keys - climbed])
    taken = one_notice_each(steps)
    moved = {one.ticket.id: one.ticket for one in taken}
    await standing.store(session, list(moved.values()), [one.entry for one in taken], now=now)
    await _record(session, taken, now)
    await sla.save(session, *watches.values())


def _to_climb(
    due: Sequence[DueTimer], watches: Mapping[UUID, Watches], now: datetime
) -> Mapping[UUID, set[str]]:
    """The clocks of each ticket that are looked at: those of its timers, and those that fell due after them.

    So steps are taken in the order in which they were due, and whoever is told is told once. What fell due before these
    timers is in the hands of another worker: to wait for it, while it waits for this one, would be a circle.
    """
    found: dict[UUID, set[str]] = defaultdict(set)
    for timer in due:
        theirs = watches.get(timer.owner_id)
        watch = theirs.by_key.get(timer.step) if theirs else None
        if watch and watch.generation == timer.generation:
            found[timer.owner_id].add(timer.step)
    since = due[0].due_at
    for ticket_id, keys in found.items():
        for key, watch in watches[ticket_id].by_key.items():
            if key not in keys and (upcoming := watch.upcoming()) and since <= upcoming.due_at <= now:
                keys.add(key)
    return found


async def _watches(
    session: AsyncSession, due: Sequence[DueTimer], now: datetime
) -> tuple[Mapping[UUID, Watches], Calendars]:
    """The clocks that are due; of a ticket that is about to be lifted the others too, for their targets may move.

    And, if there is such a one, the calendars by which further clocks of it may begin.
    """
    by_ticket: dict[UUID, list[Watch]] = defaultdict(list)
    lifted: set[UUID] = set()
    for watch in await sla.due(session, [(timer.owner_id, timer.step) for timer in due], now):
        by_ticket[watch.subject_id].append(watch)
        if lifts(watch, now):
            lifted.add(watch.subject_id)
    calendars: Calendars = {}
    if lifted:
        calendars = await sla.active_calendars(session)
        for ticket_id, present in (await sla.of_all(session, lifted)).items():
            by_ticket[ticket_id] += present.values()
    return {ticket_id: Watches(ticket_id, theirs) for ticket_id, theirs in by_ticket.items()}, calendars


async def _record(session: AsyncSession, taken: Sequence[Taken], now: datetime) -> None:
    for one in taken:
        metrics.STEPS.labels(one.watch.name, one.upcoming.step.name).inc()
        if one.upcoming.step.is_breach:
            outbox.add(session, events.breached(one), now=now)
        outbox.add(session, events.escalated(one, now), now=now)
    if not taken:
        return
    steps = [one.upcoming.step for one in taken]
    columns = {
        "now": now,
        "ids": [ids.new_id() for _ in taken],
        "tickets": [one.ticket.id for one in taken],
        "clocks": [one.watch.name for one in taken],
        "policies": [one.watch.policy.version for one in taken],
        "steps": [step.name for step in steps],
        "actions": [step.action.value for step in steps],
        "breaches": [step.is_breach for step in steps],
        "told": [one.told for one in taken],
        "levels": [one.level for one in taken],
        "tiers": [one.tier for one in taken],
        "notices": [one.notice for one in taken],
        "due": [one.upcoming.due_at for one in taken],
    }
    await session.execute(_RECORD, columns)

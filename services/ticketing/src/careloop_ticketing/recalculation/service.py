"""Taking a change of terms through the clocks that run: batch by batch, each batch one transaction.

The row of the recalculation moves in the transaction of its batch, so that a killed worker goes on where it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common import outbox
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.recalculation import events, queries
from careloop_ticketing.recalculation.errors import RecalculationNotFound, RecalculationUnderWay
from careloop_ticketing.recalculation.models import RecalculationRow
from careloop_ticketing.recalculation.policy import Cause, State
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import following
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.tickets.facts import facts_of
from careloop_ticketing.tickets.service import Entry, Standing, standing, targets

BATCH: Final = 300
"""Tickets that are locked together; whoever wants one of them waits for so long as they take."""
POLICY: Final = "policy"
EXAMPLES: Final = 20


async def apply_policy(
    session: AsyncSession, version: int, *, actor: Actor, now: datetime
) -> RecalculationRow:
    """Have the clocks that run under older policies follow this one; one at a time."""
    await sla.version(session, version)
    if (row := await queries.open_one(session, Cause.POLICY, POLICY)) is not None:
        raise RecalculationUnderWay(recalculation_id=str(row.id))
    return await _queue(session, Cause.POLICY, POLICY, version, by=actor, now=now)


async def notice_calendars(session: AsyncSession, *, now: datetime) -> None:
    """Queue the calendars whose newest version some clock does not count by yet."""
    for code, version in await queries.outdated_calendars(session):
        if await queries.open_one(session, Cause.CALENDAR, code) is None:
            await _queue(session, Cause.CALENDAR, code, version, by=SYSTEM, now=now)


async def _queue(
    session: AsyncSession, cause: Cause, subject: str, version: int, *, by: Actor, now: datetime
) -> RecalculationRow:
    row = RecalculationRow(
        cause=cause, subject=subject, version=version, requested_by=by.id, requested_at=now
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, recalculation_id: UUID) -> RecalculationRow:
    row = await session.get(RecalculationRow, recalculation_id)
    if row is None:
        raise RecalculationNotFound
    return row


async def advance(session: AsyncSession, *, now: datetime) -> bool:
    """Take one batch of the oldest recalculation; whether there was anything to do."""
    row = await queries.claim(session)
    if row is None:
        return False
    ids = await queries.affected(session, row.cause, row.subject, row.version, after=row.cursor, limit=BATCH)
    if not ids:
        row.state, row.finished_at = State.DONE, now
        return True
    policy = await sla.policy_of(session, row.version) if row.cause is Cause.POLICY else None
    changes = await _follow(session, ids, await sla.new_terms(session, policy), row, now)
    if policy:
        await standing.adopt(session, ids, policy.version)
    row.state, row.cursor = State.RUNNING, ids[-1]
    row.examined += len(ids)
    row.moved += sum(map(len, changes.values()))
    row.late += sum(change.late_by_change for moved in changes.values() for change in moved)
    return True


async def _follow(
    session: AsyncSession, ids: Sequence[UUID], terms: NewTerms, row: RecalculationRow, now: datetime
) -> Mapping[UUID, Sequence[Change]]:
    tickets = await standing.lock(session, ids, wait=True)
    watches = await sla.of_all(session, tickets)
    changes: dict[UUID, Sequence[Change]] = {}
    entries: list[Entry] = []
    for ticket in tickets.values():
        moved = following.follow(watches[ticket.id], facts=facts_of(ticket), now=now, terms=terms)
        if moved:
            changes[ticket.id] = moved
            ticket.version += 1
            before, after = targets.told(ticket, watches[ticket.id], moved, now)
            why = {"because": row.cause.value, "of": row.subject, "version": row.version}
            entries.append(Entry(ticket.id, ticket.version, "recalculated", before, after | why))
            for change in moved:
                outbox.add(session, events.recalculated(ticket, change, row.cause, now), now=now)
    await standing.store(session, [tickets[ticket_id] for ticket_id in changes], entries, now=now)
    await sla.save(session, *watches.values())
    return changes


@dataclass(frozen=True, slots=True)
class Example:
    ticket: Standing
    change: Change


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of terms would do to some of the open tickets, were it applied now."""

    examined: int
    moved: int
    late: int
    examples: Sequence[Example]


async def preview(session: AsyncSession, ids: Collection[UUID], terms: NewTerms, now: datetime) -> Effect:
    """Work out, and store nothing: what was changed is the caller's copy of the clocks."""
    tickets = await standing.read(session, ids)
    watches = await sla.of_all(session, tickets)
    found = [
        Example(ticket, change)
        for ticket in tickets.values()
        for change in following.follow(watches[ticket.id], facts=facts_of(ticket), now=now, terms=terms)
    ]
    late = sum(example.change.late_by_change for example in found)
    most = sorted(found, key=lambda example: not example.change.late_by_change)[:EXAMPLES]
    return Effect(len(tickets), len(found), late, most)

"""Taking a change of terms through the clocks that run: batch by batch, each batch one transaction.

While the database stores one batch, the next is worked out. A killed worker goes on behind the last ticket of which it is
known that all before it have followed; those that had followed already do so only once.
"""

from collections.abc import Collection, Sequence
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
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy import following, watch
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.tickets.facts import facts_of, seen_by
from careloop_ticketing.tickets.service import Entry, Standing, standing, targets
from careloop_ticketing.vocabulary import Status

LANES: Final = 2
BATCH: Final = 300
"""Tickets that are locked together; whoever wants one of them waits for so long as they take."""
POLICY: Final = "policy"
EXAMPLES: Final = 20


async def apply_policy(
    session: AsyncSession, version: int, *, actor: Actor, now: datetime
) -> RecalculationRow:
    """Have the clocks that run under older policies follow this one; one at a time.

    A version that nothing ran under was no reason to refuse a thinner calendar: it has to be asked again.
    """
    try:
        await sla.check_policy(session, await sla.policy_of(session, version))
    except InvalidPolicy as error:
        raise InvalidPolicy(f"{error.pointer}: {error.detail}", pointer="/version") from error
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next tickets on the way of a recalculation."""

    recalculation_id: UUID
    cause: Cause
    subject: str
    version: int
    ids: Sequence[UUID]

    def batches(self) -> Sequence[Sequence[UUID]]:
        """One for each lane."""
        return [part for lane in range(LANES) if (part := self.ids[lane::LANES])]


async def next_stretch(session: AsyncSession, *, now: datetime) -> Stretch | None:
    """What the oldest recalculation has before it. One that is through is done, and the next one's turn comes."""
    while (row := await queries.oldest_open(session)) is not None:
        terms = row.cause, row.subject, row.version
        if ids := await queries.affected(session, *terms, after=row.cursor, limit=LANES * BATCH):
            row.state = State.RUNNING
            return Stretch(row.id, *terms, ids)
        row.state, row.finished_at = State.DONE, now
        await session.flush()
    return None


async def follow(
    session: AsyncSession, ids: Sequence[UUID], stretch: Stretch, *, now: datetime
) -> Sequence[Change]:
    """Have these tickets follow, and count them; returns what that changed."""
    policy = await sla.policy_of(session, stretch.version) if stretch.cause is Cause.POLICY else None
    terms = await sla.new_terms(session, policy)
    tickets = await standing.lock(session, ids, wait=True)
    watches = await sla.of_all(session, tickets)
    moved: list[Change] = []
    entries: list[Entry] = []
    for ticket in tickets.values():
        changes = _follow(ticket, watches[ticket.id], terms, now)
        if policy:
            # What starts from now on starts under it.
            ticket.policy_version = policy.version
        moved += changes
        waits_no_more = ticket.status is Status.WAITING and not watch.waits(watches[ticket.id])
        if changes or waits_no_more:
            entries.append(_entry(ticket, watches[ticket.id], changes, stretch, now))
        for change in changes:
            outbox.add(session, events.recalculated(ticket, change, stretch.cause, now), now=now)
    touched = {entry.ticket_id for entry in entries}
    changed = [ticket for ticket in tickets.values() if policy or ticket.id in touched]
    await standing.store(session, changed, entries, now=now)
    await sla.save(session, *watches.values())
    late = sum(change.late_by_change for change in moved)
    # Last, for the other lane counts in the same row.
    await queries.count(session, stretch.recalculation_id, examined=len(ids), moved=len(moved), late=late)
    return moved


def _follow(ticket: Standing, watches: Watches, terms: NewTerms, now: datetime) -> list[Change]:
    facts, seen = facts_of(ticket), seen_by(ticket)
    return following.follow(watches, facts=facts, seen=seen, now=now, terms=terms)


def _entry(
    ticket: Standing, watches: Watches, changes: Sequence[Change], stretch: Stretch, now: datetime
) -> Entry:
    ticket.version += 1
    before, after = targets.told(ticket, watches, changes, now)
    why = {"because": stretch.cause.value, "of": stretch.subject, "version": stretch.version}
    return Entry(ticket.id, ticket.version, "recalculated", before, after | why)


async def passed(session: AsyncSession, stretch: Stretch) -> None:
    """All of these tickets have followed."""
    await queries.move(session, stretch.recalculation_id, to=stretch.ids[-1])


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
        for change in _follow(ticket, watches[ticket.id], terms, now)
    ]
    late = sum(example.change.late_by_change for example in found)
    most = sorted(found, key=lambda example: not example.change.late_by_change)[:EXAMPLES]
    return Effect(len(tickets), len(found), late, most)

"""Taking a change of terms through the clocks that run: batch by batch, each batch one transaction.

While the database stores one batch, the next is worked out. A killed worker goes on behind the last ticket of which it is
known that all before it have followed; those that had followed already do so only once.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloop_common import outbox
from careloop_common.errors import DomainError
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.recalculation import events, queries
from careloop_ticketing.recalculation.errors import RecalculationNotFound, RecalculationUnderWay
from careloop_ticketing.recalculation.models import RecalculationRow
from careloop_ticketing.recalculation.policy import Cause, Effect, State
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.errors import InvalidPolicy, PolicyNotInForce
from careloop_ticketing.sla.policy import adopting, following, watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.following import Change, NewTerms
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.tickets import queries as tickets_of
from careloop_ticketing.tickets.facts import facts_of, seen_by
from careloop_ticketing.tickets.service import Entry, Standing, standing, targets
from careloop_ticketing.tickets.service.lives import lives
from careloop_ticketing.vocabulary import Status

LANES: Final = 2
BATCH: Final = 300
"""Tickets that are locked together; whoever wants one of them waits for so long as they take."""
AGAIN_AFTER: Final = timedelta(hours=1)
"""How long a ticket that was set aside is left alone before its calendar is tried again."""
POLICY: Final = "policy"
_LONGEST_REASON: Final = 200


async def apply_policy(
    session: AsyncSession, version: int, *, actor: Actor, now: datetime
) -> RecalculationRow:
    """Have the clocks that run under older policies follow this one; one at a time.

    A version that nothing ran under was no reason to refuse a thinner calendar: it has to be asked again.
    """
    wanted, active = await sla.policy_of(session, version), (await sla.active(session)).version
    if version != active:
        first = f"put it in force again with POST /v1/sla-policies/{version}/restore"
        raise PolicyNotInForce(f"Version {active} is the active one: {first}.", active_version=active)
    try:
        await sla.check_policy(session, wanted)
    except InvalidPolicy as error:
        raise InvalidPolicy(f"{error.pointer}: {error.detail}", pointer="/version") from error
    await sla.apply(session, version, now=now)
    if (row := await queries.open_one(session, Cause.POLICY, POLICY)) is not None:
        raise RecalculationUnderWay(recalculation_id=str(row.id))
    return await _queue(session, Cause.POLICY, POLICY, version, by=actor, now=now)


async def notice_calendars(session: AsyncSession, *, now: datetime) -> None:
    """Queue the calendars whose newest version some clock does not count by yet."""
    for code, version in await queries.outdated_calendars(session, since=now - AGAIN_AFTER):
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


async def terms_of(session: AsyncSession, stretch: Stretch) -> NewTerms:
    """What is to be followed; if that cannot be read, it is no fault of the tickets."""
    policy = await sla.policy_of(session, stretch.version) if stretch.cause is Cause.POLICY else None
    return await sla.new_terms(session, policy)


async def follow(
    session: AsyncSession, ids: Sequence[UUID], stretch: Stretch, *, now: datetime
) -> tuple[Sequence[Change], Sequence[UUID]]:
    """Have these tickets follow, and count them; returns what that changed, and which of them others have in hand.

    Only a single one is waited for: who waits for one of many holds up all the others.
    """
    terms = await terms_of(session, stretch)
    policy, alone = terms.policy, len(ids) == 1
    # What was closed while this waited is nothing to follow any more; what is merged does when it comes back.
    locked = await standing.lock(session, ids, wait=alone)
    busy = [] if alone else [ticket_id for ticket_id in ids if ticket_id not in locked]
    tickets = {one.id: one for one in locked.values() if one.status in tickets_of.UNFINISHED}
    watches = await sla.of_all(session, tickets)
    changes = await changes_of(session, tickets, watches, terms, now)
    entries: list[Entry] = []
    for ticket in tickets.values():
        theirs = changes[ticket.id]
        if policy:
            # What starts from now on starts under it.
            ticket.policy_version = policy.version
        waits_no_more = ticket.status is Status.WAITING and not watch.waits(watches[ticket.id])
        if theirs or waits_no_more:
            entries.append(_entry(ticket, watches[ticket.id], theirs, stretch, now))
        for change in theirs:
            outbox.add(session, events.recalculated(ticket, change, stretch.cause, now), now=now)
    touched = {entry.ticket_id for entry in entries}
    changed = [ticket for ticket in tickets.values() if policy or ticket.id in touched]
    await standing.store(session, changed, entries, now=now)
    await sla.save(session, *watches.values())
    all_of_them = [change for theirs in changes.values() for change in theirs]
    # Last, for the other lane counts in the same row.
    examined = len(ids) - len(busy)
    await queries.count(session, stretch.recalculation_id, {"examined": examined, **counted(all_of_them)})
    return all_of_them, busy


def counted(changes: Collection[Change]) -> dict[str, int]:
    """How many clocks are due at another time, begin or end, and how many of them are late by that."""
    effects = Counter(Effect.of(change) for change in changes)
    late = sum(change.late_by_change for change in changes)
    return {**{effect.value: effects[effect] for effect in Effect}, "late": late}


async def changes_of(
    session: AsyncSession,
    tickets: Mapping[UUID, Standing],
    watches: Mapping[UUID, Watches],
    terms: NewTerms,
    now: datetime,
) -> dict[UUID, list[Change]]:
    """Have the clocks of these tickets follow: those that the policy does not have end, and those that it adds begin."""
    changes: dict[UUID, list[Change]] = {}
    lacking: list[UUID] = []
    for ticket in tickets.values():
        theirs, facts = watches[ticket.id], facts_of(ticket)
        changes[ticket.id] = adopting.end_dropped(theirs, terms.policy, now=now) if terms.policy else []
        changes[ticket.id] += following.follow(
            theirs, facts=facts, seen=seen_by(ticket), now=now, terms=terms
        )
        if terms.policy and adopting.lacking(theirs, terms.policy, facts=facts, now=now):
            lacking.append(ticket.id)
    if terms.policy and lacking:
        for ticket_id, life in (await lives(session, lacking)).items():
            changes[ticket_id] += adopting.begin_added(
                watches[ticket_id],
                terms.policy,
                life,
                facts=facts_of(tickets[ticket_id]),
                calendars=terms.calendars,
                because=Because(SYSTEM.id),
                now=now,
            )
    return changes


def _entry(
    ticket: Standing, watches: Watches, changes: Sequence[Change], stretch: Stretch, now: datetime
) -> Entry:
    ticket.version += 1
    before, after = targets.told(ticket, watches, changes, now)
    why = {"because": stretch.cause.value, "of": stretch.subject, "version": stretch.version}
    return Entry(ticket.id, ticket.version, "recalculated", before, after | why)


async def set_aside(
    session: AsyncSession, ticket_id: UUID, stretch: Stretch, error: Exception, *, now: datetime
) -> None:
    """Note that this ticket did not follow, and why; who is killed before the stretch is through comes to it again."""
    reason = error.code if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    given = {"ticket_id": ticket_id, "reason": reason.partition("\n")[0][:_LONGEST_REASON], "at": now}
    if await queries.add_set_aside(session, stretch.recalculation_id, given):
        await queries.count(session, stretch.recalculation_id, {"set_aside": 1})


async def passed(session: AsyncSession, stretch: Stretch) -> None:
    """All of these tickets have followed."""
    await queries.move(session, stretch.recalculation_id, to=stretch.ids[-1])

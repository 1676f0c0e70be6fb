"""The line: open tickets that nobody holds, until they are given to somebody. Many at once, by a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloop_common import outbox
from careloop_common.tokens import SYSTEM
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_ticketing.notices import service as notices
from careloop_ticketing.notices.service import Notice
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy import adopting, watch
from careloop_ticketing.sla.policy.clock import Because
from careloop_ticketing.sla.policy.terms import Policy
from careloop_ticketing.sla.policy.watches import Calendars
from careloop_ticketing.sla.queries import next_due
from careloop_ticketing.sla.service import Moment, Watches
from careloop_ticketing.tickets import events, queries
from careloop_ticketing.tickets.facts import facts_of, past_of, place, seen_by
from careloop_ticketing.tickets.models import HELD, IN_LINE, TicketRow
from careloop_ticketing.tickets.service import standing, targets, telling
from careloop_ticketing.tickets.service.lives import lives
from careloop_ticketing.tickets.service.standing import Entry, Standing
from careloop_ticketing.vocabulary import Level, PauseReason, Status

ASSIGNABLE: Final = frozenset({Status.CLASSIFIED, Status.HANDLING})
"""Tickets of these statuses are in the line while nobody holds them, and in hand while somebody does."""
START: Final = UUID(int=0)
_GIVEN: Final = (Moment.ASSIGNED, Moment.TAKEN)

# Filtered behind the look-up, so that nobody thinks of looking for the minimum along the index of all due times.
_MOST_URGENT: Final = (
    " LEFT JOIN LATERAL (SELECT min(c.due_at) FILTER (WHERE c.state = 'running') AS due_at FROM sla_clock AS c"
    " WHERE c.subject_id = w.id) AS c ON true ORDER BY c.due_at NULLS LAST, w.id"
)
_VIPS: Final = text(
    f"SELECT w.id FROM (SELECT id FROM ticket WHERE {IN_LINE} AND vip ORDER BY id LIMIT :limit) AS w{_MOST_URGENT}"  # noqa: S608
)
_OTHERS: Final = text(
    f"SELECT w.id FROM (SELECT id FROM ticket WHERE {IN_LINE} AND NOT vip AND id > :after ORDER BY id LIMIT :limit)"  # noqa: S608
    f" AS w{_MOST_URGENT}"
)
_ANY: Final = text(f"SELECT EXISTS (SELECT FROM ticket WHERE {IN_LINE})")  # noqa: S608
_COUNT: Final = text(
    f"SELECT count(*) AS waiting, count(*) FILTER (WHERE vip) AS vip, min(opened_at) AS oldest FROM ticket WHERE {IN_LINE}"  # noqa: S608
)
_LOADS: Final = text(
    "SELECT assignee_id, count(*) FROM ticket WHERE assignee_id = ANY(:agents)"
    " AND status IN ('classified', 'handling') GROUP BY assignee_id"
)
_IN_HAND: Final = text(
    "SELECT id FROM ticket WHERE assignee_id = ANY(:agents) AND status IN ('classified', 'handling') LIMIT :limit"
)
_UNPIN: Final = text(
    "UPDATE ticket SET team_pinned = false FROM (SELECT id FROM ticket WHERE team = ANY(:teams) AND team_pinned"
    " ORDER BY id FOR UPDATE) AS theirs WHERE ticket.id = theirs.id"
)


async def anybody_waits(session: AsyncSession) -> bool:
    return bool(await session.scalar(_ANY))


async def waiting(session: AsyncSession) -> tuple[int, int, datetime | None]:
    """How many are in the line, how many of them of VIP customers, and since when the oldest is open."""
    count, vip, oldest = (await session.execute(_COUNT)).one()
    return count, vip, oldest


async def vips(session: AsyncSession, *, limit: int) -> Sequence[UUID]:
    """Those of VIP customers that have been open for longest, the next due first."""
    return (await session.scalars(_VIPS, {"limit": limit})).all()


async def others(session: AsyncSession, *, after: UUID = START, limit: int) -> Sequence[UUID]:
    """A stretch of the line, in the order of opening, behind a ticket; within the stretch the next due is first."""
    return (await session.scalars(_OTHERS, {"after": after, "limit": limit})).all()


async def loads(session: AsyncSession, agents: Collection[str]) -> dict[str, int]:
    """How many tickets these people have in hand; whoever has none is left out."""
    return dict((await session.execute(_LOADS, {"agents": list(agents)})).all())


async def in_hand(session: AsyncSession, agents: Collection[str], *, limit: int) -> Sequence[UUID]:
    return (await session.scalars(_IN_HAND, {"agents": list(agents), "limit": limit})).all()


async def held_by(session: AsyncSession, agent_id: str, *, limit: int) -> Sequence[TicketRow]:
    """What somebody holds, also what waits for others; the most urgent first."""
    theirs = select(TicketRow).where(col(TicketRow.assignee_id) == agent_id, text(HELD))
    urgency = next_due(col(TicketRow.id)).nulls_last(), col(TicketRow.opened_at), col(TicketRow.vip).desc()
    return (await session.scalars(theirs.order_by(*urgency, col(TicketRow.id)).limit(limit))).all()


class Counts(NamedTuple):
    """What somebody holds, in figures."""

    open: int
    overdue: int
    waiting_for_customer: int


async def count_held(session: AsyncSession, agent_id: str, *, now: datetime) -> Counts:
    for_customer = queries.waits_for() == PauseReason.WAITING_FOR_CUSTOMER
    counts = select(
        func.count(),
        func.count().filter(next_due(col(TicketRow.id)) <= now),
        func.count().filter(col(TicketRow.status) == Status.WAITING, for_customer),
    ).where(col(TicketRow.assignee_id) == agent_id, text(HELD))
    return Counts(*(await session.execute(counts)).one())


@dataclass(frozen=True, slots=True)
class Gift:
    """A ticket, locked, and to whom it goes."""

    ticket: Standing
    assignee_id: str
    level: Level
    team: str | None
    why: Mapping[str, Any]
    """What the history says of how that came about."""


async def give(session: AsyncSession, gifts: Sequence[Gift], *, now: datetime) -> None:
    """Assign tickets. That nobody has taken notice of them yet stays so: their ladders go on waiting for it."""
    watches = await sla.of_all(session, [gift.ticket.id for gift in gifts])
    policies = await sla.policies(session, {gift.ticket.policy_version for gift in gifts})
    codes = {code for policy in policies.values() for code in policy.calendars}
    calendars = await sla.active_calendars(session, codes)
    over = await _over(session, gifts, watches, policies, calendars, now)
    entries = [
        _given(
            gift,
            watches[gift.ticket.id],
            policies[gift.ticket.policy_version],
            calendars,
            over.get(gift.ticket.id, ()),
            now,
        )
        for gift in gifts
    ]
    await standing.store(session, [gift.ticket for gift in gifts], entries, now=now)
    await sla.save(session, *watches.values())
    told: list[Notice] = []
    for gift in gifts:
        outbox.add(session, events.assigned(gift.ticket, None, by=SYSTEM.id, now=now), now=now)
        told += telling.changed_hands(gift.ticket, None)
    await notices.tell(session, told, by=SYSTEM.id, now=now)


async def _over(
    session: AsyncSession,
    gifts: Sequence[Gift],
    watches: Mapping[UUID, Watches],
    policies: Mapping[int, Policy],
    calendars: Calendars,
    now: datetime,
) -> Mapping[UUID, Collection[str]]:
    """Of each ticket the clocks that would begin now, though by its life it has had its time for them."""
    asked = {}
    for gift in gifts:
        ticket, theirs = gift.ticket, watches[gift.ticket.id]
        given = replace(ticket, level=gift.level, assignee_id=gift.assignee_id)
        policy, facts = policies[ticket.policy_version], facts_of(given)
        wanted = watch.doubtful(theirs, policy, _GIVEN, past_of(ticket), facts=facts, now=now)
        if gift.level is not ticket.level:
            wanted += watch.missing(theirs, policy, seen_by(given), facts=facts, now=now)
        if wanted:
            asked[ticket.id] = wanted, policy, facts
    histories = await lives(session, asked) if asked else {}
    by = Because(SYSTEM.id)
    return {
        one: adopting.over(
            watches[one], wanted, policy, histories[one], facts=facts, calendars=calendars, because=by
        )
        for one, (wanted, policy, facts) in asked.items()
    }


def _given(
    gift: Gift,
    watches: Watches,
    policy: Policy,
    calendars: Calendars,
    over: Collection[str],
    now: datetime,
) -> Entry:
    ticket, before = gift.ticket, place(gift.ticket)
    # Who walks along the line has set off before some of them came: nothing happens earlier than what happened already.
    now = max(now, ticket.changed_at)
    lifted = gift.level is not ticket.level
    ticket.assignee_id, ticket.level, ticket.team = gift.assignee_id, gift.level, gift.team
    ticket.released_by = None
    ticket.version += 1
    given: dict[str, Any] = {"facts": facts_of(ticket), "calendars": calendars, "because": Because(SYSTEM.id)}
    for moment in _GIVEN:
        watch.observe(watches, policy, moment, **given, now=now, over=over)
    moved_from: dict[str, Any] = {}
    moved_to: dict[str, Any] = {}
    if lifted:
        moved_from, moved_to = targets.follow(ticket, watches, now)
        begun = watch.begin_late(watches, policy, seen_by(ticket), **given, now=now, over=over)
        moved_to |= targets.begun(begun)
    after = {**place(ticket), **gift.why, **moved_to}
    return Entry(ticket.id, ticket.version, "assigned", before | moved_from, after)


async def put_back(
    session: AsyncSession, tickets: Sequence[Standing], *, because: str, now: datetime
) -> None:
    """Put tickets back into the line that somebody has in hand, who may get them again another time."""
    entries: list[Entry] = []
    told: list[Notice] = []
    for ticket in tickets:
        before, held_by = place(ticket), str(ticket.assignee_id)
        ticket.assignee_id = None
        outbox.add(session, events.released(ticket, held_by, because=because, by=SYSTEM.id, now=now), now=now)
        told += telling.changed_hands(ticket, held_by)
        ticket.version += 1
        after = {**place(ticket), "because": because}
        entries.append(Entry(ticket.id, ticket.version, "released", before, after))
    await standing.store(session, tickets, entries, now=now)
    await notices.tell(session, told, by=SYSTEM.id, now=now)


async def unpin(session: AsyncSession, teams: Collection[str]) -> None:
    """These teams end: tickets that stand with them are routed anew."""
    await session.execute(_UNPIN, {"teams": list(teams)})

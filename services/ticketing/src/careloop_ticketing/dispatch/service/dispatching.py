"""Giving the tickets of the line to people, batch by batch; each batch is one transaction.

Decide on what is read, lock what was chosen, and give only what is still as it was read. So nobody waits for this, two
processes at once give no ticket twice and nobody more than their capacity, and what nobody can take is not locked.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.dispatch import metrics, queries
from careloop_ticketing.dispatch.policy.choosing import Choice, Floor, Needs
from careloop_ticketing.dispatch.policy.routing import Routing
from careloop_ticketing.dispatch.service import routing
from careloop_ticketing.dispatch.service.floor import floor_of
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.tickets.service import Standing, line, standing
from careloop_ticketing.tickets.service.line import Gift

BATCH: Final = 200
STRETCH: Final = 5_000
"""So many tickets are put in the order of their urgency together. A line that is longer is walked along by age."""
_REST: Final = 9
"""A walk that placed nobody is followed by a rest of so many times its length: a long line costs a tenth of a process."""
_LONGEST_REST: Final = timedelta(seconds=10)


@dataclass(slots=True)
class Walk:
    """How far a process has come along the line. Who is passed over here is met on the next walk."""

    batch: int = BATCH
    stretch: int = STRETCH
    ahead: deque[UUID] = field(default_factory=deque)
    after: UUID = line.START
    newest: UUID = line.START
    """Who comes behind it has arrived since."""
    walking: bool = False
    under_way: bool = False
    """Whether the walk goes on behind the batch that it gave last."""
    placed: int = 0
    took: timedelta = timedelta()
    rests_until: datetime | None = None

    async def next(self, session: AsyncSession, now: datetime) -> Sequence[UUID]:
        """The next batch; while this rests, only those who have arrived since."""
        self.walking = not (self.rests_until and now < self.rests_until)
        if not self.walking:
            return await self._look(session, self.newest, self.batch)
        if not self.under_way:
            self.placed, self.took, self.rests_until = 0, timedelta(), None
            self.ahead.extend(await line.vips(session, limit=self.stretch))
        if not (self.ahead and self.under_way):
            stretch = await self._look(session, self.after, self.stretch)
            self.ahead.extend(stretch)
            self.after = max(stretch) if len(stretch) == self.stretch else line.START
        batch = [self.ahead.popleft() for _ in range(min(self.batch, len(self.ahead)))]
        self.under_way = bool(self.ahead) or self.after != line.START
        return batch

    async def _look(self, session: AsyncSession, after: UUID, limit: int) -> Sequence[UUID]:
        found = await line.others(session, after=after, limit=limit)
        self.newest = max(self.newest, *found) if found else self.newest
        return found

    def stop(self) -> None:
        """There is nobody to give anything to, or nothing to give: begin anew when there is."""
        self.ahead.clear()
        self.after, self.walking, self.under_way = line.START, False, False

    def tick(self, took: timedelta, placed: int, now: datetime) -> None:
        """A batch was looked at. Rest after a walk that has placed nobody."""
        self.took, self.placed = self.took + took, self.placed + placed
        if self.walking and not (self.under_way or self.placed):
            self.rests_until = now + min(_REST * self.took, _LONGEST_REST)


class Decision(NamedTuple):
    ticket: Standing
    needs: Needs
    choice: Choice
    person: Person


async def dispatch(session: AsyncSession, walk: Walk, *, now: datetime) -> int:
    """Give the next batch, VIPs before all others; how many found somebody, without the VIPs."""
    if not (await line.anybody_waits(session) and await staff.any_active(session)):
        walk.stop()
        return 0
    active, floor = await routing.active(session), await floor_of(session, now=now)
    if not floor.has_room(active.reserve):
        walk.stop()
        return 0
    urgent = await line.vips(session, limit=walk.batch)
    batch = await walk.next(session, now)
    given = await give(session, active, floor, dict.fromkeys([*urgent, *batch]), now=now)
    return len(given.difference(urgent))


async def give(
    session: AsyncSession, active: Routing, floor: Floor, ids: Iterable[UUID], *, now: datetime
) -> set[UUID]:
    """Give of these tickets those that somebody can take; returns them."""
    decided = _decide(active, floor, await _in_line(session, list(ids)), now)
    if not decided:
        return set()
    sure = await _claim(session, {one.person.id: one.person for one in decided}, floor)
    locked = await standing.lock(session, [one.ticket.id for one in decided if one.person.id in sure])
    gifts = [
        _gift(active, one, locked[one.ticket.id])
        for one in decided
        if one.ticket.id in locked and locked[one.ticket.id].version == one.ticket.version
    ]
    await line.give(session, gifts, now=now)
    await staff.busy(session, {gift.assignee_id for gift in gifts}, now)
    for gift in gifts:
        metrics.GIVEN.labels(gift.why["rule"]).inc()
    return {gift.ticket.id for gift in gifts}


async def _in_line(session: AsyncSession, ids: Sequence[UUID]) -> list[Standing]:
    found = await standing.read(session, ids)
    tickets = (found[ticket_id] for ticket_id in ids if ticket_id in found)
    return [one for one in tickets if one.assignee_id is None and one.status in line.ASSIGNABLE]


def _decide(active: Routing, floor: Floor, tickets: Iterable[Standing], now: datetime) -> list[Decision]:
    decided = []
    for ticket in tickets:
        if (needs := active.needs_of(ticket, now)) is not None:
            choice = floor.give(needs)
            if choice.person:
                decided.append(Decision(ticket, needs, choice, choice.person))
    return decided


async def _claim(session: AsyncSession, people: dict[str, Person], floor: Floor) -> Collection[str]:
    """Of these people those who are still as they were read, and have not been given anything since."""
    claimed = await staff.claim(session, people)
    loads = await line.loads(session, claimed)
    return {
        agent_id
        for agent_id, version in claimed.items()
        if version == people[agent_id].version and loads.get(agent_id, 0) <= floor.seen[agent_id]
    }


def _gift(active: Routing, decision: Decision, ticket: Standing) -> Gift:
    needs, choice, person = decision.needs, decision.choice, decision.person
    why = {
        "routing": active.version,
        "rule": needs.rule,
        "eligible": choice.eligible,
        "load": choice.load,
        "capacity": person.capacity,
    }
    return Gift(ticket, person.id, needs.level, needs.label, why)


async def hand_over(session: AsyncSession, *, now: datetime) -> bool:
    """Put back what people hold who do not keep it beyond their shift, or have left; whether there may be more.

    Virtual teams end with their tickets on this occasion.
    """
    if ended := await queries.end_teams(session, now):
        await line.unpin(session, ended)
    people = await staff.roster(session, now=now, ids=await staff.handing_over(session))
    gone = {person.id for person in people.values() if not person.at_work}
    ids = await line.in_hand(session, gone, limit=BATCH) if gone else []
    locked = (await standing.lock(session, ids)).values() if ids else ()
    theirs = [one for one in locked if one.assignee_id in gone and one.status in line.ASSIGNABLE]
    await line.put_back(session, theirs, because="off_duty", now=now)
    return len(theirs) == BATCH

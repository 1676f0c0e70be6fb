"""The line and somebody's day, as they stand at this instant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.dispatch import queries
from careloop_ticketing.dispatch.policy.choosing import Obstacle
from careloop_ticketing.dispatch.service import routing
from careloop_ticketing.dispatch.service.floor import floor_of
from careloop_ticketing.medals import service as medals
from careloop_ticketing.sla import service as sla
from careloop_ticketing.sla.policy.clock import State
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.tickets.service import Ticket, line

EXAMINED: Final = 1_000
SHOWN: Final = 200
MEDALS: Final = 12
_SUPERVISE: Final = "tickets:supervise"


@dataclass(frozen=True, slots=True)
class Line:
    waiting: int
    vip: int
    oldest_opened_at: datetime | None
    examined: int
    takeable: int
    obstacles: Mapping[Obstacle, int]
    people: Sequence[Person]
    in_hand: int


async def look(session: AsyncSession, *, now: datetime) -> Line:
    """How long the line is, and why those wait who do. Each ticket is looked at as if it were the only one."""
    waiting, vip, oldest = await line.waiting(session)
    active = await routing.active(session)
    floor = await floor_of(session, now=now)
    tickets = await routing.first_in_line(session, limit=EXAMINED)
    found: Counter[Obstacle | None] = Counter()
    for ticket in tickets:
        needs = active.needs_of(ticket, now)
        found[floor.choose(needs).obstacle if needs else Obstacle.NO_RULE] += 1
    takeable = found.pop(None, 0)
    obstacles = {obstacle: count for obstacle, count in found.items() if obstacle}
    in_hand = sum(floor.loads.values())
    return Line(waiting, vip, oldest, len(tickets), takeable, obstacles, floor.people, in_hand)


@dataclass(frozen=True, slots=True)
class Held:
    """A ticket in somebody's hands, and how it stands on its clocks."""

    ticket: Ticket
    next_due_at: datetime | None
    overdue: bool
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class Day:
    person: Person
    starts_at: datetime
    ends_at: datetime
    load: int
    done: int
    shifts: Sequence[staff.Shift]
    medals: Sequence[medals.Held]
    counts: line.Counts
    held: Sequence[Held]
    """The most urgent of them first, and no more than are shown."""


async def day_of(
    session: AsyncSession, agent_id: str | None, zone: ZoneInfo, *, actor: Actor, now: datetime
) -> Day:
    """The actor's own day, as it is where they are; a supervisor's look at anybody's."""
    if agent_id not in {None, actor.id} and not actor.may(_SUPERVISE):
        raise ScopeMissing(f"The day of somebody else needs the scope {_SUPERVISE}.", scope=_SUPERVISE)
    person = await staff.person(session, agent_id or actor.id, now=now)
    starts_at, ends_at = day_around(now, zone)
    rows = await line.held_by(session, person.id, limit=SHOWN)
    watches = await sla.of_all(session, [row.id for row in rows])
    return Day(
        person=person,
        starts_at=starts_at,
        ends_at=ends_at,
        load=(await line.loads(session, [person.id])).get(person.id, 0),
        done=await queries.resolved_by(session, person.id, starts_at, ends_at),
        shifts=await staff.shifts_between(session, person.id, starts_at, ends_at),
        medals=await medals.held_by(session, person.id, limit=MEDALS),
        counts=await line.count_held(session, person.id, now=now),
        held=[_held(row, watches[row.id], now) for row in rows],
    )


def day_around(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From midnight to midnight, which is not always 24 hours."""
    today = now.astimezone(zone).date()
    starts, ends = (datetime.combine(day, time(), zone) for day in (today, today + timedelta(days=1)))
    return starts.astimezone(UTC), ends.astimezone(UTC)


def _held(ticket: Ticket, watches: Watches, now: datetime) -> Held:
    running = [one for one in watches.values() if one.state is State.RUNNING]
    next_due_at = min((one.due_at for one in running if one.due_at), default=None)
    waits_for = next((one.waits_for for one in watches.values() if one.waits_for), None)
    return Held(ticket, next_due_at, next_due_at is not None and next_due_at <= now, waits_for)

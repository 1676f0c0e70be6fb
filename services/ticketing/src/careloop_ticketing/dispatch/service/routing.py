"""Publishing routings, and looking at what one would do before it is put in force."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import documents
from careloop_ticketing.classification import service as classification
from careloop_ticketing.dispatch.models import RoutingRow
from careloop_ticketing.dispatch.policy import routing as routings
from careloop_ticketing.dispatch.policy.choosing import Floor, Obstacle
from careloop_ticketing.dispatch.policy.routing import Routing
from careloop_ticketing.dispatch.service.floor import floor_of
from careloop_ticketing.facts import with_products
from careloop_ticketing.staff import service as staff
from careloop_ticketing.tickets.service import Standing, line, standing

EXAMPLES: Final = 20


async def active(session: AsyncSession) -> Routing:
    return await documents.active(session, RoutingRow, routings.read)


async def publish(
    session: AsyncSession,
    document: Mapping[str, Any],
    *,
    expected: int | None = None,
    actor: Actor,
    now: datetime,
) -> RoutingRow:
    """Make `document` the active routing: what waits is routed by it from now on, what is held stays where it is."""
    await checked(session, document, now=now)
    return await documents.publish(session, RoutingRow, document, expected=expected, actor=actor, now=now)


async def checked(session: AsyncSession, document: Mapping[str, Any], *, now: datetime) -> Routing:
    """The routing that a document describes, as version 0; `InvalidRouting` if it could not be put in force."""
    teams, skills = await staff.standing_teams(session), await staff.skills(session, now=now)
    catalogue = with_products((await classification.active(session)).products)
    return routings.read(0, document, teams=teams, skills=skills, catalogue=catalogue)


@dataclass(frozen=True, slots=True)
class Placed:
    rule: str | None
    agent_id: str | None
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class Moved:
    ticket_id: UUID
    active: Placed
    proposed: Placed


@dataclass(frozen=True, slots=True)
class Effect:
    examined: int
    placed: int
    placed_then: int
    by_rule: Mapping[str, int]
    moved: int
    examples: Sequence[Moved]


async def preview(session: AsyncSession, proposed: Routing, *, limit: int, now: datetime) -> Effect:
    """What the line would do under the active routing and under another one. Nothing is changed."""
    tickets = await first_in_line(session, limit=limit)
    found = [
        _placed(routing, await floor_of(session, now=now), tickets, now)
        for routing in (await active(session), proposed)
    ]
    both = [Moved(ticket.id, *places) for ticket, *places in zip(tickets, *found, strict=True)]
    moved = [one for one in both if one.active.agent_id != one.proposed.agent_id]
    placed, placed_then = (sum(one.agent_id is not None for one in places) for places in found)
    by_rule = Counter(one.rule for one in found[1] if one.rule)
    return Effect(len(tickets), placed, placed_then, by_rule, len(moved), moved[:EXAMPLES])


def _placed(routing: Routing, floor: Floor, tickets: Sequence[Standing], now: datetime) -> list[Placed]:
    return [place(routing, floor, ticket, now) for ticket in tickets]


def place(routing: Routing, floor: Floor, ticket: Standing, now: datetime) -> Placed:
    """Who would get it next, after those that were placed before it."""
    needs = routing.needs_of(ticket, now)
    if needs is None:
        return Placed(None, None, Obstacle.NO_RULE)
    choice = floor.give(needs)
    return Placed(needs.rule, choice.person.id if choice.person else None, choice.obstacle)


async def first_in_line(session: AsyncSession, *, limit: int) -> list[Standing]:
    """VIPs, then the others, the most urgent first."""
    ids = list(await line.vips(session, limit=limit))
    ids += await line.others(session, limit=limit - len(ids))
    tickets = await standing.read(session, ids)
    return [tickets[ticket_id] for ticket_id in ids if ticket_id in tickets]

"""What people do about the line: take a ticket from it, put one back, bring people together, ask who could take one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.dispatch.errors import (
    NotForThisAgent,
    TicketTaken,
    VirtualTeamExists,
    VirtualTeamNotFound,
)
from careloop_ticketing.dispatch.policy.choosing import Choice, Needs, Obstacle, has_room, lacks, obstacle
from careloop_ticketing.dispatch.service import routing
from careloop_ticketing.dispatch.service.floor import floor_of
from careloop_ticketing.sla.service import Watches
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.staff.schemas import VirtualTeam
from careloop_ticketing.tickets import policy
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.policy import Act
from careloop_ticketing.tickets.service import Case, line

SUPERVISE: Final = "tickets:supervise"
SHOWN: Final = 100
_MOST: Final = 10_000


async def take(case: Case) -> None:
    """The actor takes the ticket out of the line; said again by who has it, nothing happens."""
    ticket, session, agent_id = case.ticket, case.session, case.actor.id
    policy.after(ticket.status, Act.ASSIGN)
    if ticket.assignee_id == agent_id:
        return
    if ticket.assignee_id is not None:
        raise TicketTaken(
            f"{ticket.assignee_id} holds ticket {ticket.number}.", assignee_id=ticket.assignee_id
        )
    await staff.lock_agent(session, agent_id)
    needs = (await routing.active(session)).needs_of(ticket, case.now)
    needs = needs or Needs("", ticket.level, label=ticket.team)
    person = await staff.person(session, agent_id, now=case.now)
    load = (await line.loads(session, [agent_id])).get(agent_id, 0)
    because = _against(needs, person, load)
    if because is not None:
        raise NotForThisAgent(f"Ticket {ticket.number} is not for {agent_id}: {because}.", because=because)
    await tickets.assign(
        case, assignee_id=agent_id, level=needs.level, team=needs.label, pinned=ticket.team_pinned
    )
    await staff.busy(session, [agent_id], case.now)


def _against(needs: Needs, person: Person, load: int) -> Obstacle | None:
    """Who takes a ticket by hand is there, whatever their hours say, and may have changed their mind.

    Not who hands over what they have outside of their hours: it would be gone at once.
    """
    if person.hands_over and not person.at_work:
        return Obstacle.OFF_DUTY
    return lacks(needs, person) or (None if has_room(needs, person, load) else Obstacle.FULL)


async def release(case: Case) -> None:
    """Who holds the ticket, or a supervisor, puts it back into the line."""
    if case.actor.id != case.ticket.assignee_id and not case.actor.may(SUPERVISE):
        raise ScopeMissing("Only who holds the ticket puts it back, or a supervisor.", scope=SUPERVISE)
    await tickets.release(case)


async def release_all(session: AsyncSession, agent_id: str, *, actor: Actor, now: datetime) -> int:
    """Put back all that somebody has in hand: they are ill, say. It goes to others, even if they are on duty.

    They are not locked: who takes a ticket locks that first. What they are given meanwhile is as if it came afterwards.
    """
    await staff.get_agent(session, agent_id)
    released = 0
    for ticket in await tickets.lock_all(session, await line.in_hand(session, [agent_id], limit=_MOST)):
        if ticket.assignee_id == agent_id and ticket.status in line.ASSIGNABLE:
            await tickets.release(Case(session, ticket, Watches(ticket.id), actor, now))
            released += 1
    return released


async def bring_together(case: Case, body: VirtualTeam) -> staff.Team:
    """Give the ticket to a virtual team, and to its lead; until it ends, routing leaves that."""
    ticket, session = case.ticket, case.session
    policy.after(ticket.status, Act.ASSIGN)
    if (there := await staff.virtual_team(session, ticket.id)) is not None:
        raise VirtualTeamExists(f"Ticket {ticket.number} has the team {there.code!r}.", team=there.code)
    team = await staff.open_virtual(session, ticket.id, ticket.number, body, actor=case.actor, now=case.now)
    await tickets.assign(case, assignee_id=body.lead_id, team=team.code)
    return team


async def disband(case: Case) -> None:
    """The virtual team has done its part; its lead holds the ticket until somebody else does."""
    team = await staff.virtual_team(case.session, case.ticket.id)
    if team is None:
        raise VirtualTeamNotFound
    staff.end_virtual(team, actor=case.actor, now=case.now)
    if case.ticket.team == team.code:
        tickets.leave_team(case)


@dataclass(frozen=True, slots=True)
class Candidate:
    person: Person
    load: int
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Who could take a ticket now, and why not the others."""

    ticket: tickets.Ticket
    routing: int
    needs: Needs | None
    choice: Choice
    candidates: Sequence[Candidate]

    @property
    def waiting(self) -> bool:
        return self.ticket.assignee_id is None and self.ticket.status in line.ASSIGNABLE


async def ask(session: AsyncSession, ticket_id: UUID, *, now: datetime) -> Answer:
    """What the line would do with the ticket at this instant. Nothing is changed."""
    ticket = await tickets.get(session, ticket_id)
    active = await routing.active(session)
    needs = active.needs_of(ticket, now)
    floor = await floor_of(session, now=now)
    if needs is None:
        ruled_out: Mapping[Obstacle, int] = {Obstacle.NO_RULE: len(floor.people)}
        choice = Choice(None, 0, ruled_out if floor.people else {})
        return Answer(ticket, active.version, None, choice, [])
    ranked = floor.ranked(needs)
    rest = [person for person in floor.people if obstacle(needs, person, floor.loads[person.id])]
    candidates = [
        Candidate(person, floor.loads[person.id], obstacle(needs, person, floor.loads[person.id]))
        for person in [*ranked, *rest][:SHOWN]
    ]
    return Answer(ticket, active.version, needs, floor.choose(needs), candidates)

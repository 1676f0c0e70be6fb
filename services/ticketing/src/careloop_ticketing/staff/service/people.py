from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import registers
from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import CalendarNotFound
from careloop_ticketing.staff import queries
from careloop_ticketing.staff.errors import AgentNotFound, AgentUnknown, InvalidAgent
from careloop_ticketing.staff.models import AgentRow, CertificateRow, EarnedRow
from careloop_ticketing.staff.policy import Person
from careloop_ticketing.staff.schemas import Agent
from careloop_ticketing.staff.service.roster import roster


@dataclass(frozen=True, slots=True)
class Described:
    """An agent with what belongs to them."""

    agent: AgentRow
    certificates: Sequence[CertificateRow]
    earned: Sequence[EarnedRow]
    person: Person


async def put_agent(
    session: AsyncSession, agent_id: str, body: Agent, *, expected: int | None, actor: Actor, now: datetime
) -> tuple[AgentRow, bool]:
    """Make somebody known, or say anew all that is known of them; whether they were new."""
    await _check(session, body)
    about = body.model_dump(exclude={"certificates"})
    row, is_new = await registers.put(
        session, AgentRow, agent_id, about, expected=expected, actor=actor, now=now
    )
    await queries.certify(session, agent_id, [one.model_dump() for one in body.certificates])
    return row, is_new


async def _check(session: AsyncSession, body: Agent) -> None:
    skills = [one.skill for one in body.certificates]
    for place, skill in enumerate(skills):
        if skill in skills[:place]:
            raise InvalidAgent(f"Skill {skill!r} is certified twice.", pointer=f"/certificates/{place}/skill")
    if body.calendar is not None:
        try:
            await calendars.current(session, body.calendar)
        except CalendarNotFound as error:
            raise InvalidAgent(error.detail, pointer="/calendar") from error


async def get_agent(session: AsyncSession, agent_id: str) -> AgentRow:
    row = await session.get(AgentRow, agent_id)
    if row is None:
        raise AgentNotFound(f"There is no agent {agent_id!r}.")
    return row


async def expect_agent(
    session: AsyncSession, agent_id: str, *, team: str | None = None, pointer: str
) -> None:
    """`AgentUnknown` unless they are an active agent and of the team, if one is named; anybody, where none are kept."""
    row = await session.get(AgentRow, agent_id)
    if row is None and not await queries.any_kept(session):
        return
    if row is None or not row.active:
        raise AgentUnknown(f"There is no active agent {agent_id!r}.", pointer=pointer)
    if team is not None and not await queries.is_member(session, agent_id, team):
        raise AgentUnknown(f"Agent {agent_id!r} is not of team {team!r}.", pointer=pointer)


async def lock_agent(session: AsyncSession, agent_id: str) -> AgentRow:
    """The agent, whom nobody else gives anything until the end of this transaction."""
    row = await queries.lock(session, agent_id)
    if row is None:
        raise AgentNotFound(f"There is no agent {agent_id!r}.")
    return row


async def described(session: AsyncSession, rows: Sequence[AgentRow], *, now: datetime) -> list[Described]:
    ids = [row.id for row in rows]
    theirs: dict[str, list[Any]] = defaultdict(list)
    for certificate in await queries.certificates(session, ids):
        theirs[certificate.agent_id].append(certificate)
    earned: dict[str, list[EarnedRow]] = defaultdict(list)
    for one in await queries.earned(session, ids, now=now):
        earned[one.agent_id].append(one)
    people = await roster(session, now=now, ids=ids)
    return [Described(row, theirs[row.id], earned[row.id], people[row.id]) for row in rows]

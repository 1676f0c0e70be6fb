from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import registers
from careloop_ticketing.staff import queries
from careloop_ticketing.staff.errors import InvalidTeam, TeamIsVirtual, TeamNotFound, TeamUnknown
from careloop_ticketing.staff.models import TeamRow
from careloop_ticketing.staff.policy import TeamKind
from careloop_ticketing.staff.schemas import Team, VirtualTeam

VIRTUAL: Final = "v-"
"""How the codes of virtual teams begin, and no others."""


async def put_team(
    session: AsyncSession, code: str, body: Team, *, expected: int | None, actor: Actor, now: datetime
) -> tuple[TeamRow, bool]:
    """Make a team known, or say anew who is in it; whether it was new."""
    if code.startswith(VIRTUAL):
        raise TeamIsVirtual(f"Team {code!r} would be a virtual one: its code begins with {VIRTUAL}.")
    await _departments(session, body.members, body.lead_id)
    about = {"name": body.name, "lead_id": body.lead_id, "kind": TeamKind.STANDING}
    row, is_new = await registers.put(session, TeamRow, code, about, expected=expected, actor=actor, now=now)
    await queries.enrol(session, code, {*body.members, *([body.lead_id] if body.lead_id else [])})
    return row, is_new


async def _departments(
    session: AsyncSession, members: Sequence[str], lead_id: str | None
) -> Mapping[str, str]:
    """The departments of all of them; `InvalidTeam` if somebody is not there."""
    found = await queries.departments(session, {*members, *([lead_id] if lead_id else [])})
    if lead_id is not None and lead_id not in found:
        raise InvalidTeam(f"There is no active agent {lead_id!r}.", pointer="/lead_id")
    for place, member in enumerate(members):
        if member not in found:
            raise InvalidTeam(f"There is no active agent {member!r}.", pointer=f"/members/{place}")
    return found


async def get_team(session: AsyncSession, code: str) -> TeamRow:
    row = await session.get(TeamRow, code)
    if row is None:
        raise TeamNotFound(f"There is no team {code!r}.")
    return row


async def expect_team(session: AsyncSession, code: str, *, pointer: str) -> TeamRow:
    """`TeamUnknown` unless there is such a team, and it has not ended."""
    row = await session.get(TeamRow, code)
    if row is None or row.ended_at is not None:
        raise TeamUnknown(f"There is no team {code!r}.", pointer=pointer)
    return row


async def expect_team_for(session: AsyncSession, ticket_id: UUID | None, code: str, *, pointer: str) -> None:
    """And `TeamIsVirtual` if it is there for another ticket, or for one where any is meant: it ends with that."""
    team = await expect_team(session, code, pointer=pointer)
    if team.ticket_id not in {None, ticket_id}:
        raise TeamIsVirtual(f"Team {code!r} is there for another ticket.", pointer=pointer)


async def has_ended(session: AsyncSession, code: str) -> bool:
    row = await session.get(TeamRow, code)
    return row is not None and row.ended_at is not None


async def members_of(session: AsyncSession, codes: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {code: [] for code in codes}
    for member in await queries.members(session, codes):
        found[member.team].append(member.agent_id)
    return found


async def open_virtual(
    session: AsyncSession, ticket_id: UUID, number: str, body: VirtualTeam, *, actor: Actor, now: datetime
) -> TeamRow:
    """Bring people of several departments together for a ticket, which the caller has locked."""
    departments = await _departments(session, body.members, body.lead_id)
    if len(set(departments.values())) < 2:
        raise InvalidTeam("All of them are of one department.", pointer="/members")
    code = f"{VIRTUAL}{number.lower()}-{await queries.count_virtual(session, ticket_id) + 1}"
    row = TeamRow(
        code=code,
        version=1,
        name=body.name,
        kind=TeamKind.VIRTUAL,
        lead_id=body.lead_id,
        ticket_id=ticket_id,
        changed_at=now,
        changed_by=actor.id,
    )
    session.add(row)
    await session.flush()
    await queries.enrol(session, code, departments.keys())
    return row


def end_virtual(team: TeamRow, *, actor: Actor, now: datetime) -> None:
    team.ended_at, team.changed_at, team.changed_by = now, now, actor.id
    team.version += 1

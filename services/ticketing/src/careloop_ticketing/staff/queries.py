from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloop_common import keyset
from sqlalchemy import Row, Select, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from careloop_ticketing.staff.models import AgentRow, CertificateRow, EarnedRow, MemberRow, ShiftRow, TeamRow

# Named ids or all; who is not active is found by name only.
_PRESENT: Final = text(
    "SELECT a.id, a.name, a.level, a.department, a.languages, a.regions, a.capacity, a.calendar, a.hands_over, a.active,"
    " a.last_assigned_at, a.version,"
    " EXISTS (SELECT FROM agent_shift AS r WHERE r.agent_id = a.id AND r.kind = 'shift') AS rostered,"
    " ARRAY(SELECT r.kind FROM agent_shift AS r"
    " WHERE r.agent_id = a.id AND r.starts_at <= :now AND r.ends_at > :now) AS occupations,"
    " ARRAY(SELECT m.team FROM team_member AS m JOIN team AS t ON t.code = m.team"
    " WHERE m.agent_id = a.id AND t.ended_at IS NULL) AS teams,"
    " (SELECT jsonb_object_agg(c.skill, c.certificate) FROM (SELECT h.skill, max(h.certificate) AS certificate FROM"
    " (SELECT skill, certificate, valid_until FROM agent_certificate WHERE agent_id = a.id UNION ALL"
    " SELECT skill, certificate, valid_until FROM agent_earned_certificate WHERE agent_id = a.id) AS h"
    " WHERE h.valid_until IS NULL OR h.valid_until > :now GROUP BY h.skill) AS c) AS certificates"
    " FROM agent AS a WHERE CASE WHEN CAST(:ids AS text[]) IS NULL THEN a.active ELSE a.id = ANY(:ids) END ORDER BY a.id"
)
_CLAIM: Final = text(
    "SELECT a.id, a.version FROM agent AS a WHERE a.id = ANY(:ids) ORDER BY a.id FOR NO KEY UPDATE SKIP LOCKED"
)
# Who is not known is not away.
_ABSENT: Final = text(
    "SELECT a.id FROM agent AS a WHERE a.id = ANY(:ids) AND (NOT a.active OR EXISTS (SELECT FROM agent_shift AS r"
    " WHERE r.agent_id = a.id AND r.kind = 'leave' AND r.starts_at <= :now AND r.ends_at > :now))"
)
_BUSY: Final = text("UPDATE agent SET last_assigned_at = :now WHERE id = ANY(:ids)")


async def present(
    session: AsyncSession, now: datetime, ids: Collection[str] | None = None
) -> Sequence[Row[Any]]:
    """Everybody who is active, or those of these ids, with what is known of their time."""
    return (await session.execute(_PRESENT, {"now": now, "ids": None if ids is None else list(ids)})).all()


async def claim(session: AsyncSession, ids: Collection[str]) -> dict[str, int]:
    """Of these agents those whom nobody else gives anything at this instant, with their versions; for this transaction."""
    return dict((await session.execute(_CLAIM, {"ids": list(ids)})).all())


async def busy(session: AsyncSession, ids: Collection[str], now: datetime) -> None:
    await session.execute(_BUSY, {"now": now, "ids": list(ids)})


async def lock(session: AsyncSession, agent_id: str) -> AgentRow | None:
    return await session.get(AgentRow, agent_id, with_for_update={"key_share": True}, populate_existing=True)


async def absent(session: AsyncSession, ids: Collection[str], now: datetime) -> frozenset[str]:
    """Of these people those who are on leave, or not active any more."""
    return frozenset((await session.scalars(_ABSENT, {"ids": list(ids), "now": now})).all())


async def leads(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """Who leads these teams, of those that have a lead and have not ended."""
    known = select(col(TeamRow.code), col(TeamRow.lead_id)).where(
        col(TeamRow.code).in_(codes), col(TeamRow.lead_id).is_not(None), col(TeamRow.ended_at).is_(None)
    )
    return {code: str(lead_id) for code, lead_id in await session.execute(known)}


async def any_active(session: AsyncSession) -> bool:
    somebody = select(col(AgentRow.id)).where(col(AgentRow.active)).limit(1)
    return (await session.scalars(somebody)).first() is not None


async def any_kept(session: AsyncSession) -> bool:
    """Whether people are made known here at all."""
    return (await session.scalars(select(col(AgentRow.id)).limit(1))).first() is not None


async def is_member(session: AsyncSession, agent_id: str, team: str) -> bool:
    return await session.get(MemberRow, (team, agent_id)) is not None


async def handing_over(session: AsyncSession) -> Sequence[str]:
    """Who keeps nothing in hand beyond their shift, or has left."""
    theirs = select(col(AgentRow.id)).where(or_(col(AgentRow.hands_over), ~col(AgentRow.active)))
    return (await session.scalars(theirs)).all()


async def agents(
    session: AsyncSession,
    *,
    team: str | None,
    skill: str | None,
    active: bool | None,
    after: str | None,
    limit: int,
) -> Sequence[AgentRow]:
    wanted = select(AgentRow)
    if team is not None:
        members = select(col(MemberRow.agent_id)).where(col(MemberRow.team) == team)
        wanted = wanted.where(col(AgentRow.id).in_(members))
    if skill is not None:
        given, earned = (
            select(col(row.agent_id)).where(col(row.skill) == skill) for row in (CertificateRow, EarnedRow)
        )
        wanted = wanted.where(col(AgentRow.id).in_(given.union(earned)))
    if active is not None:
        wanted = wanted.where(col(AgentRow.active) == active)
    return (await session.scalars(keyset.forward(wanted, col(AgentRow.id), after=after, limit=limit))).all()


async def certificates(session: AsyncSession, ids: Collection[str]) -> Sequence[CertificateRow]:
    theirs = select(CertificateRow).where(col(CertificateRow.agent_id).in_(ids))
    return (await session.scalars(theirs.order_by(col(CertificateRow.skill)))).all()


async def certify(session: AsyncSession, agent_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give somebody these certificates, and no others."""
    await session.execute(delete(CertificateRow).where(col(CertificateRow.agent_id) == agent_id))
    if rows:
        await session.execute(insert(CertificateRow), [{"agent_id": agent_id, **row} for row in rows])


async def skills(session: AsyncSession, *, now: datetime) -> frozenset[str]:
    """In which somebody has a certificate that is valid."""
    given, earned = (
        select(col(row.skill)).where(or_(col(row.valid_until).is_(None), col(row.valid_until) > now))
        for row in (CertificateRow, EarnedRow)
    )
    return frozenset((await session.scalars(given.union(earned))).all())


async def earned(session: AsyncSession, ids: Collection[str], *, now: datetime) -> Sequence[EarnedRow]:
    """What these agents earned, and is valid."""
    theirs = select(EarnedRow).where(
        col(EarnedRow.agent_id).in_(ids),
        or_(col(EarnedRow.valid_until).is_(None), col(EarnedRow.valid_until) > now),
    )
    return (await session.scalars(theirs.order_by(col(EarnedRow.skill), col(EarnedRow.source)))).all()


async def earn(
    session: AsyncSession,
    agent_id: str,
    *,
    source: UUID,
    skill: str,
    certificate: int,
    valid_until: datetime | None,
) -> None:
    """Somebody has this certificate by `source`, besides all others that they have."""
    session.add(
        EarnedRow(
            source=source, agent_id=agent_id, skill=skill, certificate=certificate, valid_until=valid_until
        )
    )
    await session.flush()


async def forfeit(session: AsyncSession, source: UUID) -> None:
    """What was earned by this was not."""
    await session.execute(delete(EarnedRow).where(col(EarnedRow.source) == source))


def working(team: str | None = None) -> Select[str]:
    """The ids of those who are active; in a team, if one is named."""
    ids = select(col(AgentRow.id)).where(col(AgentRow.active))
    if team is None:
        return ids
    return ids.where(col(AgentRow.id).in_(select(col(MemberRow.agent_id)).where(col(MemberRow.team) == team)))


async def shifts(
    session: AsyncSession, agent_id: str, *, since: datetime, until: datetime, limit: int
) -> Sequence[ShiftRow]:
    """What touches a span of time, in order."""
    theirs = select(ShiftRow).where(
        col(ShiftRow.agent_id) == agent_id, col(ShiftRow.starts_at) < until, col(ShiftRow.ends_at) > since
    )
    return (
        await session.scalars(theirs.order_by(col(ShiftRow.starts_at), col(ShiftRow.id)).limit(limit))
    ).all()


async def members(session: AsyncSession, codes: Collection[str]) -> Sequence[MemberRow]:
    theirs = select(MemberRow).where(col(MemberRow.team).in_(codes))
    return (await session.scalars(theirs.order_by(col(MemberRow.agent_id)))).all()


async def enrol(session: AsyncSession, team: str, ids: Collection[str]) -> None:
    """Make a team of these people, and no others."""
    await session.execute(delete(MemberRow).where(col(MemberRow.team) == team))
    if ids:
        await session.execute(insert(MemberRow), [{"team": team, "agent_id": one} for one in sorted(ids)])


async def departments(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """The department of each of these agents who is there and active."""
    known = select(col(AgentRow.id), col(AgentRow.department))
    found = await session.execute(known.where(col(AgentRow.id).in_(ids), col(AgentRow.active)))
    return dict(found.all())


async def teams(session: AsyncSession, *, after: str | None, limit: int) -> Sequence[TeamRow]:
    wanted = keyset.forward(select(TeamRow), col(TeamRow.code), after=after, limit=limit)
    return (await session.scalars(wanted)).all()


async def standing_teams(session: AsyncSession) -> frozenset[str]:
    known = select(col(TeamRow.code)).where(col(TeamRow.ticket_id).is_(None), col(TeamRow.ended_at).is_(None))
    return frozenset((await session.scalars(known)).all())


async def virtual_team(session: AsyncSession, ticket_id: UUID) -> TeamRow | None:
    """The one that has not ended."""
    theirs = select(TeamRow).where(col(TeamRow.ticket_id) == ticket_id, col(TeamRow.ended_at).is_(None))
    return (await session.scalars(theirs)).one_or_none()


async def count_virtual(session: AsyncSession, ticket_id: UUID) -> int:
    """How many it has had."""
    theirs = select(func.count()).where(col(TeamRow.ticket_id) == ticket_id)
    return (await session.execute(theirs)).scalar_one()

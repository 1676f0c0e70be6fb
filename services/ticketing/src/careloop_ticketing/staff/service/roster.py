"""People as plain values, with what their calendar, their shifts and their absences say of this instant."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.staff import queries
from careloop_ticketing.staff.errors import AgentNotFound
from careloop_ticketing.staff.policy import Hours, Occupation, Person, Presence
from careloop_ticketing.vocabulary import Level


async def roster(
    session: AsyncSession, *, now: datetime, ids: Collection[str] | None = None
) -> dict[str, Person]:
    """Everybody who is active, or those of these ids, active or not; the latter are never on duty."""
    rows = await queries.present(session, now, ids)
    hours = await _hours(session, {row.calendar for row in rows if row.calendar})
    return {row.id: _person(row, hours, now) for row in rows}


async def person(session: AsyncSession, agent_id: str, *, now: datetime) -> Person:
    found = (await roster(session, now=now, ids=[agent_id])).get(agent_id)
    if found is None:
        raise AgentNotFound(f"There is no agent {agent_id!r}.")
    return found


async def _hours(session: AsyncSession, codes: Collection[str]) -> Mapping[str, Hours]:
    if not codes:
        return {}
    versions = await calendars.active(session)
    return {code: await calendars.of(session, code, versions[code]) for code in codes}


def _person(row: Row[Any], hours: Mapping[str, Hours], now: datetime) -> Person:
    presence = Presence(
        rostered=row.rostered,
        in_shift=Occupation.SHIFT in row.occupations,
        on_leave=Occupation.LEAVE in row.occupations,
        on_break=Occupation.BREAK in row.occupations,
        hours=hours[row.calendar] if row.calendar else None,
    )
    return Person(
        id=row.id,
        name=row.name,
        level=Level(row.level),
        languages=tuple(row.languages),
        capacity=row.capacity,
        department=row.department,
        regions=tuple(row.regions),
        teams=frozenset(row.teams),
        certificates=row.certificates or {},
        on_duty=row.active and presence.on_duty(now),
        at_work=row.active and presence.at_work(now),
        hands_over=row.hands_over or not row.active,
        last_assigned_at=row.last_assigned_at,
        version=row.version,
    )

"""The duty roster: publishing it, and who is on duty by it at an instant."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing import documents
from careloop_ticketing.notices import queries
from careloop_ticketing.notices.models import DutyRosterRow
from careloop_ticketing.notices.policy import roster as rosters
from careloop_ticketing.notices.policy.roster import Duty, Roster
from careloop_ticketing.staff import service as staff


async def active(session: AsyncSession) -> Roster:
    return await documents.active(session, DutyRosterRow, rosters.read)


async def publish(
    session: AsyncSession, document: Mapping[str, Any], *, expected: int | None, actor: Actor, now: datetime
) -> DutyRosterRow:
    """Make `document` the active roster, if the version that the caller saw still is it."""
    await queries.lock_rosters(session)
    check_version(expected, (await active(session)).version)
    named = rosters.read(0, document).people
    known = await staff.departments(session, named)
    rosters.read(0, document, people=known, teams=await staff.standing_teams(session))
    return await documents.publish(session, DutyRosterRow, document, actor=actor, now=now)


async def duty(
    session: AsyncSession, *, people: Collection[str] = (), teams: Collection[str] = (), now: datetime
) -> Duty:
    """The active roster as it is at this instant, for tickets of these teams that these people hold."""
    roster = await active(session)
    leads = await staff.leads(session, teams) if teams else {}
    concerned = {*roster.people, *leads.values(), *people}
    absent = await staff.absent(session, concerned, now) if concerned else frozenset()
    return Duty(roster, now, absent, leads)

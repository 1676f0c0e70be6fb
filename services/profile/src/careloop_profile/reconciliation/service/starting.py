"""Runs begin at their hour of the night, or when somebody asks for one; one runs at a time."""

from datetime import date, datetime
from uuid import UUID

from careloop_common import ids
from careloop_common.tokens import SYSTEM, Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.identity import queries as identities
from careloop_profile.linkage import queries as linkage
from careloop_profile.reconciliation import queries
from careloop_profile.reconciliation.errors import LinkageRunNotFound, NoLinkageModel
from careloop_profile.reconciliation.models import RunRow
from careloop_profile.reconciliation.policy import Cause


async def begin(session: AsyncSession, *, now: datetime, actor: Actor) -> RunRow:
    """Begin a run; the one that is running, if there is one."""
    under_way = await queries.running(session)
    if under_way is not None:
        return under_way
    version = await linkage.active_version(session)
    if version is None:
        raise NoLinkageModel("Nobody has published a linkage model: there is nothing to compare by.")
    begun = await _begin(session, version, Cause.REQUEST, None, now=now, actor=actor)
    # Of two who ask at once one begins; both are told of the same.
    found = await find(session, begun) if begun else await queries.running(session)
    return found or await begin(session, now=now, actor=actor)


async def begin_night(session: AsyncSession, night: date, *, now: datetime) -> bool:
    """Begin the run of a night, unless it has had one, another is running, or there is no model."""
    version = await linkage.active_version(session)
    if version is None or await queries.of_night(session, night) or await queries.running(session):
        return False
    return bool(await _begin(session, version, Cause.NIGHT, night, now=now, actor=SYSTEM))


async def _begin(
    session: AsyncSession, version: int, cause: Cause, night: date | None, *, now: datetime, actor: Actor
) -> UUID | None:
    online = await identities.joined_online(session) + await queries.asked_online(session)
    row = RunRow(
        id=ids.new_id(),
        cause=cause.value,
        night=night,
        model_version=version,
        customers=await queries.customers(session),
        found_online=online,
        started_at=now,
        started_by=actor.id,
    )
    return await queries.begin(session, row.model_dump())


async def find(session: AsyncSession, run_id: UUID) -> RunRow:
    row = await session.get(RunRow, run_id)
    if row is None:
        raise LinkageRunNotFound(f"There is no linkage run {run_id}.")
    return row

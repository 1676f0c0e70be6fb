"""Shifts and absences: spans of somebody's time, of which two of a kind never overlap."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.staff import queries
from careloop_ticketing.staff.errors import ShiftNotFound, ShiftOverlaps
from careloop_ticketing.staff.models import ShiftRow
from careloop_ticketing.staff.policy import DAY, Occupation, check_breaks
from careloop_ticketing.staff.schemas import Shift
from careloop_ticketing.staff.service.people import get_agent, lock_agent

MOST: Final = 1_000
SUPERVISE: Final = "tickets:supervise"


async def add_shifts(
    session: AsyncSession, agent_id: str, wanted: Sequence[Shift], *, actor: Actor
) -> Sequence[ShiftRow]:
    """Plan all of these, or none if one stands in the way of another."""
    _may_plan(actor, agent_id, {one.kind for one in wanted})
    await lock_agent(session, agent_id)
    new = [ShiftRow(agent_id=agent_id, **one.model_dump()) for one in wanted]
    since, until = min(one.starts_at for one in new), max(one.ends_at for one in new)
    if not actor.may(SUPERVISE):
        around = await queries.shifts(session, agent_id, since=since - DAY, until=until + DAY, limit=MOST)
        check_breaks([*around, *new])
    planned = await queries.shifts(session, agent_id, since=since, until=until, limit=MOST)
    together = sorted([*planned, *new], key=lambda row: (row.kind, row.starts_at))
    for one, other in pairwise(together):
        if one.kind is other.kind and other.starts_at < one.ends_at:
            stands = one if one in planned else other
            raise ShiftOverlaps(
                f"There is a {one.kind} from {one.starts_at.isoformat()} to {one.ends_at.isoformat()}.",
                pointer="/items",
                shift_id=str(stands.id),
            )
    session.add_all(new)
    await session.flush()
    return new


async def shifts_between(
    session: AsyncSession, agent_id: str, since: datetime, until: datetime
) -> Sequence[ShiftRow]:
    """What touches this span of time, in order."""
    await get_agent(session, agent_id)
    return await queries.shifts(session, agent_id, since=since, until=until, limit=MOST)


async def remove_shift(session: AsyncSession, agent_id: str, shift_id: UUID, *, actor: Actor) -> None:
    await get_agent(session, agent_id)
    row = await session.get(ShiftRow, shift_id)
    if row is None or row.agent_id != agent_id:
        raise ShiftNotFound(f"Agent {agent_id!r} has no shift {shift_id}.")
    _may_plan(actor, agent_id, {row.kind})
    await session.delete(row)


def _may_plan(actor: Actor, agent_id: str, kinds: set[Occupation]) -> None:
    """Breaks of one's own are for oneself to take; all else needs a supervisor."""
    if not (actor.may(SUPERVISE) or (actor.id == agent_id and kinds == {Occupation.BREAK})):
        raise ScopeMissing(f"This needs the scope {SUPERVISE}.", scope=SUPERVISE)

"""Drills are planned, take place once, and leave measures behind, each with somebody who answers for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.tokens import Actor
from careloop_common.versions import check_version
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.drills import queries
from careloop_ticketing.drills.errors import DrillDone, DrillNotFound, InvalidDrill, MeasureNotFound
from careloop_ticketing.drills.models import DrillRow, MeasureRow
from careloop_ticketing.drills.schemas import Drill, Report
from careloop_ticketing.staff import service as staff

SUPERVISE = "tickets:supervise"


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure, and the team whose drill asked for it."""

    measure: MeasureRow
    team: str


async def plan(session: AsyncSession, body: Drill, *, actor: Actor, now: datetime) -> DrillRow:
    await _check(session, body)
    row = DrillRow(**body.model_dump(), changed_at=now, changed_by=actor.id)
    session.add(row)
    await session.flush()
    return row


async def replan(
    session: AsyncSession, drill_id: UUID, body: Drill, *, expected: int | None, actor: Actor, now: datetime
) -> DrillRow:
    row = await _planned(session, drill_id, expected)
    await _check(session, body)
    _change(row, body.model_dump(), actor, now)
    await session.flush()
    return row


async def call_off(session: AsyncSession, drill_id: UUID, *, expected: int | None) -> None:
    await session.delete(await _planned(session, drill_id, expected))


async def report(
    session: AsyncSession, drill_id: UUID, body: Report, *, expected: int | None, actor: Actor, now: datetime
) -> DrillRow:
    """It has taken place: what was found, and what is done about it."""
    row = await _planned(session, drill_id, expected)
    if body.done_at > now:
        raise InvalidDrill("It is not over yet.", pointer="/done_at")
    owners = await staff.departments(session, {one.owner_id for one in body.measures})
    for place, one in enumerate(body.measures):
        if one.owner_id not in owners:
            raise InvalidDrill(
                f"There is no active agent {one.owner_id!r}.", pointer=f"/measures/{place}/owner_id"
            )
    _change(row, body.model_dump(exclude={"measures"}), actor, now)
    session.add_all(MeasureRow(drill_id=row.id, **one.model_dump()) for one in body.measures)
    await session.flush()
    return row


async def get(session: AsyncSession, drill_id: UUID) -> DrillRow:
    row = await session.get(DrillRow, drill_id)
    if row is None:
        raise DrillNotFound(f"There is no drill {drill_id}.")
    return row


async def finish(session: AsyncSession, measure_id: UUID, *, actor: Actor, now: datetime) -> Measured:
    """The measure is done, by who answers for it or a supervisor; said again, it stays as it was said first."""
    row = await queries.lock_measure(session, measure_id)
    if row is None:
        raise MeasureNotFound(f"There is no measure {measure_id}.")
    if actor.id != row.owner_id and not actor.may(SUPERVISE):
        raise ScopeMissing(f"Measures of somebody else need the scope {SUPERVISE}.", scope=SUPERVISE)
    if row.done_at is None:
        row.done_at, row.done_by = now, actor.id
        await session.flush()
    return Measured(row, (await get(session, row.drill_id)).team)


async def open_measures(
    session: AsyncSession,
    *,
    team: str | None,
    owner_id: str | None,
    due_before: date | None,
    after: tuple[str, UUID] | None,
    limit: int,
) -> Sequence[Measured]:
    rows = await queries.open_measures(
        session, team=team, owner_id=owner_id, due_before=due_before, after=after, limit=limit
    )
    return [Measured(measure, code) for measure, code in rows]


async def _planned(session: AsyncSession, drill_id: UUID, expected: int | None) -> DrillRow:
    row = await queries.lock_drill(session, drill_id)
    if row is None:
        raise DrillNotFound(f"There is no drill {drill_id}.")
    check_version(expected, row.version)
    if row.done_at is not None:
        raise DrillDone(f"It took place at {row.done_at.isoformat()}.")
    return row


async def _check(session: AsyncSession, body: Drill) -> None:
    await staff.expect_team(session, body.team, pointer="/team")
    known = await staff.departments(session, body.participants)
    for place, one in enumerate(body.participants):
        if one not in known:
            raise InvalidDrill(f"There is no active agent {one!r}.", pointer=f"/participants/{place}")
        if one in body.participants[:place]:
            raise InvalidDrill(f"Agent {one!r} is named twice.", pointer=f"/participants/{place}")


def _change(row: DrillRow, values: dict[str, object], actor: Actor, now: datetime) -> None:
    for name, value in (values | {"changed_at": now, "changed_by": actor.id}).items():
        setattr(row, name, value)
    row.version += 1

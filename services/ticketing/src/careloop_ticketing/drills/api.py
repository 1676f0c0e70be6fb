from datetime import date
from typing import Annotated
from uuid import UUID

from careloop_common import zones
from careloop_common.errors import ScopeMissing, VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    RuntimeDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Depends, Query, Response

from careloop_ticketing.drills import queries, service
from careloop_ticketing.drills.errors import DrillDone, DrillNotFound, InvalidDrill, MeasureNotFound
from careloop_ticketing.drills.models import DrillRow
from careloop_ticketing.drills.schemas import Drill, DrillView, DrillWithMeasures, MeasureView, Report
from careloop_ticketing.drills.service import Measured
from careloop_ticketing.staff.errors import TeamUnknown
from careloop_ticketing.staff.schemas import AGENT_ID, TEAM

router = CareRouter(prefix="/v1", tags=["drills"])
READ, SUPERVISE = needs("tickets:read"), needs("tickets:supervise")
TeamFilter = Annotated[str | None, Query(pattern=TEAM)]


def _today(runtime: RuntimeDep, now: NowDep) -> date:
    return now.astimezone(zones.zone(runtime.settings.timezone)).date()


TodayDep = Annotated[date, Depends(_today)]
"""The day that it is where the operator is."""


@router.post(
    "/drills",
    status_code=201,
    response_model=DrillView,
    dependencies=[SUPERVISE],
    responses=problems(InvalidDrill, TeamUnknown),
)
async def plan_drill(
    body: Drill, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> DrillRow:
    """Plan an exercise of a team."""
    row = await service.plan(session, body, actor=actor, now=now)
    response.headers["location"] = f"/v1/drills/{row.id}"
    etag(response, row.version)
    return row


@router.get("/drills", response_model=Page[DrillView], dependencies=[READ])
async def list_drills(
    session: SessionDep, query: PageQuery, team: TeamFilter = None, done: bool | None = None
) -> Page[DrillRow]:
    """The newest first; with `done` those that have taken place, or those that have not."""
    rows = await queries.drills(
        session, team=team, done=done, before=query.after(UUID), limit=query.limit + 1
    )
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get("/drills/{drill_id}", dependencies=[READ], responses=problems(DrillNotFound))
async def get_drill(
    drill_id: UUID, session: SessionDep, today: TodayDep, response: Response
) -> DrillWithMeasures:
    """A drill with its measures, done or not."""
    row = await service.get(session, drill_id)
    etag(response, row.version)
    measures = await queries.measures_of(session, drill_id)
    own = DrillView.model_validate(row).model_dump()
    return DrillWithMeasures(**own, measures=[_measure(Measured(one, row.team), today) for one in measures])


@router.put(
    "/drills/{drill_id}",
    response_model=DrillView,
    dependencies=[SUPERVISE],
    responses=problems(DrillNotFound, InvalidDrill, TeamUnknown, DrillDone, VersionMismatch),
)
async def replan_drill(
    drill_id: UUID,
    body: Drill,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> DrillRow:
    """Plan it anew, as long as it has not taken place."""
    row = await service.replan(session, drill_id, body, expected=expected, actor=actor, now=now)
    etag(response, row.version)
    return row


@router.delete(
    "/drills/{drill_id}",
    status_code=204,
    dependencies=[SUPERVISE],
    responses=problems(DrillNotFound, DrillDone, VersionMismatch),
)
async def call_off_drill(drill_id: UUID, session: SessionDep, expected: IfMatch) -> None:
    """Call it off, as long as it has not taken place."""
    await service.call_off(session, drill_id, expected=expected)


@router.post(
    "/drills/{drill_id}/report",
    response_model=DrillView,
    dependencies=[SUPERVISE],
    responses=problems(DrillNotFound, InvalidDrill, DrillDone, VersionMismatch),
)
async def report_drill(
    drill_id: UUID,
    body: Report,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> DrillRow:
    """Say that it has taken place, what was found, and who does what about it until when."""
    row = await service.report(session, drill_id, body, expected=expected, actor=actor, now=now)
    etag(response, row.version)
    return row


@router.get("/drill-measures", dependencies=[READ])
async def list_measures(
    session: SessionDep,
    today: TodayDep,
    query: PageQuery,
    team: TeamFilter = None,
    owner_id: Annotated[str | None, Query(max_length=100, pattern=AGENT_ID)] = None,
    overdue: Annotated[bool, Query(description="Only those whose day has passed.")] = False,
) -> Page[MeasureView]:
    """Those that are not done, the most urgent first."""
    rows = await service.open_measures(
        session,
        team=team,
        owner_id=owner_id,
        due_before=today if overdue else None,
        after=query.after(str, UUID),
        limit=query.limit + 1,
    )
    return page(
        rows,
        query.limit,
        key=lambda row: (row.measure.due_on.isoformat(), row.measure.id),
        view=lambda row: _measure(row, today),
    )


@router.post(
    "/drill-measures/{measure_id}/done",
    dependencies=[READ],
    responses=problems(MeasureNotFound, ScopeMissing),
)
async def finish_measure(
    measure_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep, today: TodayDep
) -> MeasureView:
    """Say that a measure of one's own is done; for others the scope tickets:supervise is needed."""
    return _measure(await service.finish(session, measure_id, actor=actor, now=now), today)


def _measure(one: Measured, today: date) -> MeasureView:
    row = one.measure
    return MeasureView(
        id=row.id,
        drill_id=row.drill_id,
        team=one.team,
        what=row.what,
        owner_id=row.owner_id,
        due_on=row.due_on,
        overdue=row.done_at is None and row.due_on < today,
        done_at=row.done_at,
        done_by=row.done_by,
    )

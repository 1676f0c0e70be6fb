from datetime import datetime, timedelta
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
from fastapi import Path, Query, Response

from careloop_ticketing.staff.errors import AgentUnknown, TeamNotFound
from careloop_ticketing.staff.schemas import AGENT_ID, TEAM
from careloop_ticketing.training import queries, service
from careloop_ticketing.training.errors import CourseNotFound, InvalidResult, ResultCorrected
from careloop_ticketing.training.models import CourseRow
from careloop_ticketing.training.schemas import (
    CODE,
    Course,
    CourseView,
    RecordResult,
    RenewalView,
    ResultView,
)
from careloop_ticketing.training.service import Recorded, Renewal

router = CareRouter(prefix="/v1/training", tags=["training"])
READ, SUPERVISE = needs("tickets:read"), needs("tickets:supervise")
Code = Annotated[str, Path(pattern=CODE)]


@router.put(
    "/courses/{code}",
    response_model=CourseView,
    dependencies=[SUPERVISE],
    responses={
        201: {"model": CourseView, "description": "The course is new."},
        **problems(VersionMismatch),
    },
)
async def put_course(
    code: Code,
    body: Course,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    if_match: IfMatch,
    response: Response,
) -> CourseRow:
    """Make a course known, or replace all that is known of it. Who passed it before keeps what they earned then."""
    row, is_new = await service.put_course(session, code, body, expected=if_match, actor=actor, now=now)
    if is_new:
        response.status_code = 201
    etag(response, row.version)
    return row


@router.get("/courses", response_model=Page[CourseView], dependencies=[READ])
async def list_courses(session: SessionDep, query: PageQuery) -> Page[CourseRow]:
    """By code."""
    rows = await queries.courses(session, after=query.after(str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.code,))


@router.get(
    "/courses/{code}", response_model=CourseView, dependencies=[READ], responses=problems(CourseNotFound)
)
async def get_course(code: Code, session: SessionDep, response: Response) -> CourseRow:
    row = await service.get_course(session, code)
    etag(response, row.version)
    return row


@router.post(
    "/results",
    status_code=201,
    dependencies=[SUPERVISE],
    responses=problems(AgentUnknown, InvalidResult, ResultCorrected),
)
async def record_result(
    body: RecordResult, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> ResultView:
    """Record how somebody did in a course; with `corrects` in place of a result that was wrong."""
    zone = zones.zone(runtime.settings.timezone)
    row = await service.record(session, body, zone=zone, actor=actor, now=now)
    return _result(Recorded(row, None))


@router.get("/results", dependencies=[READ], responses=problems(ScopeMissing))
async def list_results(
    session: SessionDep,
    actor: ActorDep,
    query: PageQuery,
    agent_id: Annotated[str | None, Query(max_length=100, pattern=AGENT_ID)] = None,
    course: Annotated[str | None, Query(pattern=CODE)] = None,
) -> Page[ResultView]:
    """The newest first, those included that were corrected. Supervisors see everybody's, others their own."""
    rows = await service.results(
        session,
        agent_id=agent_id,
        course=course,
        before=query.after(UUID),
        limit=query.limit + 1,
        actor=actor,
    )
    return page(rows, query.limit, key=lambda row: (row.result.id,), view=_result)


@router.get("/renewals", dependencies=[SUPERVISE], responses=problems(TeamNotFound))
async def list_renewals(
    session: SessionDep,
    now: NowDep,
    query: PageQuery,
    within_days: Annotated[int, Query(ge=0, le=366)] = 30,
    team: Annotated[str | None, Query(pattern=TEAM)] = None,
) -> Page[RenewalView]:
    """Who has to take which course again: what runs out within so many days, or has run out, the most urgent first."""
    rows = await service.renewals(
        session,
        team=team,
        within=timedelta(days=within_days),
        after=query.after(datetime, str, str),
        limit=query.limit + 1,
        now=now,
    )
    return page(
        rows,
        query.limit,
        key=lambda row: (row.valid_until, row.person.id, row.course.code),
        view=_renewal,
    )


def _result(one: Recorded) -> ResultView:
    own = {name: getattr(one.result, name) for name in ResultView.model_fields if name != "corrected_by"}
    return ResultView(**own, corrected_by=one.corrected_by)


def _renewal(one: Renewal) -> RenewalView:
    return RenewalView(
        agent_id=one.person.id,
        name=one.person.name,
        teams=sorted(one.person.teams),
        course=one.course.code,
        course_name=one.course.name,
        course_name_zh=one.course.name_zh,
        valid_until=one.valid_until,
        expired=one.expired,
    )

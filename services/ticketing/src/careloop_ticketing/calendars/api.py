from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant, Version
from careloop_common.web import CareRouter, SessionDep, etag, needs, problems
from fastapi import Path, Query, Response

from careloop_ticketing.calendars import queries, service
from careloop_ticketing.calendars.errors import (
    CalendarNotFound,
    EndBeforeStart,
    OutsideHorizon,
    UnclearQuestion,
)
from careloop_ticketing.calendars.models import CalendarVersionRow
from careloop_ticketing.calendars.schemas import (
    CODE,
    MOST_SECONDS,
    AnswerView,
    CalendarView,
    WorkingInterval,
)

router = CareRouter(prefix="/v1/calendars", tags=["calendars"])

READ = needs("tickets:read")
MOST_INTERVALS = 100

Code = Annotated[str, Path(pattern=CODE)]


@router.get("", response_model=Page[CalendarView], dependencies=[READ])
async def list_calendars(session: SessionDep, query: PageQuery) -> Page[CalendarVersionRow]:
    """The active version of every calendar, by code."""
    rows = await queries.active(session, after=query.after(str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.code,))


@router.get("/{code}", response_model=CalendarView, dependencies=[READ], responses=problems(CalendarNotFound))
async def get_calendar(code: Code, session: SessionDep, response: Response) -> CalendarVersionRow:
    """The active version."""
    version = await service.current(session, code)
    etag(response, version)
    return await service.version_of(session, code, version)


@router.get(
    "/{code}/versions/{version}",
    response_model=CalendarView,
    dependencies=[READ],
    responses=problems(CalendarNotFound),
)
async def get_calendar_version(code: Code, version: Version, session: SessionDep) -> CalendarVersionRow:
    return await service.version_of(session, code, version)


@router.get(
    "/{code}/answer",
    dependencies=[READ],
    responses=problems(CalendarNotFound, OutsideHorizon, UnclearQuestion, EndBeforeStart),
)
async def answer(
    code: Code,
    session: SessionDep,
    start: Annotated[Instant, Query(alias="from")],
    seconds: Annotated[int | None, Query(ge=0, le=MOST_SECONDS, description="Working time to pass.")] = None,
    until: Annotated[Instant | None, Query(description="Instead of seconds: where to stop.")] = None,
    version: Annotated[Version | None, Query(description="Other than the active one.")] = None,
) -> AnswerView:
    """When `seconds` of working time have passed, or how many pass until `until`, and why: the intervals on the way."""
    if (seconds is None) == (until is None):
        raise UnclearQuestion
    if until is not None and until < start:
        raise EndBeforeStart(pointer="/until")
    version = version or await service.current(session, code)
    calendar = await service.of(session, code, version)
    end = until or calendar.add(start, timedelta(seconds=seconds or 0))
    walked = calendar.walk(start, end, MOST_INTERVALS + 1)
    return AnswerView(
        code=code,
        version=version,
        start=start,
        end=end,
        seconds=calendar.between(start, end).total_seconds(),
        provisional=calendar.provisional(end),
        valid_through=calendar.valid_through,
        intervals=_views(walked[:MOST_INTERVALS]),
        more_intervals=len(walked) > MOST_INTERVALS,
    )


def _views(intervals: Sequence[tuple[Any, Any]]) -> list[WorkingInterval]:
    return [WorkingInterval(start=start, end=end) for start, end in intervals]

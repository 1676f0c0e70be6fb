from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Path, Query, Request, Response

from careloop_ticketing.calendars import queries, service
from careloop_ticketing.calendars.errors import (
    CalendarNotFound,
    InvalidCalendar,
    InvalidICalendar,
    OutsideHorizon,
    UnclearQuestion,
)
from careloop_ticketing.calendars.icalendars import Kind
from careloop_ticketing.calendars.models import CalendarVersionRow
from careloop_ticketing.calendars.schemas import (
    CODE,
    MOST_SECONDS,
    AnswerView,
    Calendar,
    CalendarView,
    DayView,
    ImportView,
    MoveView,
    Preview,
    PreviewView,
    SkippedView,
    WorkingInterval,
)

router = CareRouter(prefix="/v1/calendars", tags=["calendars"])

READ, WRITE = needs("tickets:read"), needs("policies:write")
MOST_INTERVALS = 100
MOST_SKIPPED = 500
_ICALENDAR = {"text/calendar": {"schema": {"type": "string"}}}

Code = Annotated[str, Path(pattern=CODE)]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.put(
    "/{code}",
    status_code=201,
    response_model=CalendarView,
    dependencies=[WRITE],
    responses=problems(InvalidCalendar),
)
async def publish_calendar(
    code: Code, body: Calendar, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> CalendarVersionRow:
    """Publish a new version, which is active at once; what was counted under another version keeps it."""
    row = await service.publish(session, code, _document(body), actor=actor, now=now)
    response.headers["location"] = _location(row)
    return row


@router.post("/{code}/preview", dependencies=[WRITE], responses=problems(InvalidCalendar))
async def preview_calendar(code: Code, body: Preview, session: SessionDep, now: NowDep) -> PreviewView:
    """How due times would move if the document were published; nothing is stored."""
    cases = [(case.start, case.seconds) for case in body.cases]
    version, proposed, moves = await service.preview(session, code, _document(body.document), cases, now=now)
    return PreviewView(
        active_version=version,
        valid_through=proposed.valid_through,
        cases=[MoveView.model_validate(move) for move in moves],
        moved=sum(move.active != move.proposed for move in moves),
    )


@router.post(
    "/{code}/import",
    status_code=201,
    dependencies=[WRITE],
    responses=problems(CalendarNotFound, InvalidICalendar, InvalidCalendar),
    openapi_extra={"requestBody": {"required": True, "content": _ICALENDAR}},
)
async def import_icalendar(
    code: Code,
    request: Request,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    response: Response,
    kind: Annotated[Kind, Query(description="What the events of the file are.")] = "off",
) -> ImportView:
    """Publish a new version with the whole days of an iCalendar file as exceptions, which replace those of that day."""
    row, report = await service.take_in(session, code, await request.body(), kind, actor=actor, now=now)
    response.headers["location"] = _location(row)
    return ImportView(
        version=row.version,
        taken=[DayView.model_validate(report.taken[day]) for day in sorted(report.taken)],
        skipped=[SkippedView.model_validate(event) for event in report.skipped[:MOST_SKIPPED]],
        skipped_total=len(report.skipped),
    )


@router.get("", response_model=Page[CalendarView], dependencies=[READ])
async def list_calendars(session: SessionDep, query: PageQuery) -> Page[CalendarVersionRow]:
    """The active version of every calendar, by code."""
    rows = await queries.active(session, after=query.after(str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.code,))


@router.get("/{code}", response_model=CalendarView, dependencies=[READ], responses=problems(CalendarNotFound))
async def get_calendar(code: Code, session: SessionDep) -> CalendarVersionRow:
    """The active version."""
    return await service.version_of(session, code, await service.current(session, code))


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
    responses=problems(CalendarNotFound, OutsideHorizon, UnclearQuestion),
)
async def answer(
    code: Code,
    session: SessionDep,
    start: Annotated[Instant, Query(alias="from")],
    seconds: Annotated[int | None, Query(ge=0, le=MOST_SECONDS, description="Working time to pass.")] = None,
    until: Annotated[Instant | None, Query(description="Instead of seconds: where to stop.")] = None,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Other than the active one.")
    ] = None,
) -> AnswerView:
    """When `seconds` of working time have passed, or how many pass until `until`, and why: the intervals on the way."""
    if (seconds is None) == (until is None):
        raise UnclearQuestion
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


def _document(body: Calendar) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True)


def _location(row: CalendarVersionRow) -> str:
    return f"/v1/calendars/{row.code}/versions/{row.version}"

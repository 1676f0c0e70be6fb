"""Putting calendars in force: here, because one has to hold what the clocks promise that count by it."""

from typing import Annotated, Any

from careloop_common.errors import VersionMismatch
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Query, Request, Response

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import CalendarNotFound, InvalidCalendar, InvalidICalendar
from careloop_ticketing.calendars.icalendars import Kind
from careloop_ticketing.calendars.schemas import (
    CODE,
    Calendar,
    CalendarView,
    DayView,
    ImportView,
    MoveView,
    Preview,
    PreviewView,
    SkippedView,
)
from careloop_ticketing.calendars.service import CalendarVersionRow
from careloop_ticketing.sla import service

router = CareRouter(prefix="/v1/calendars", tags=["calendars"])

WRITE = needs("policies:write")
MOST_SKIPPED = 500
_ICALENDAR = {"text/calendar": {"schema": {"type": "string"}}}

Code = Annotated[str, Path(pattern=CODE)]


@router.put(
    "/{code}",
    status_code=201,
    response_model=CalendarView,
    dependencies=[WRITE],
    responses=problems(InvalidCalendar, VersionMismatch),
)
async def publish_calendar(
    code: Code,
    body: Calendar,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> CalendarVersionRow:
    """Publish a new version, which is active at once; what was counted under another version keeps it."""
    row = await calendars.publish(session, code, _document(body), expected=expected, actor=actor, now=now)
    await service.check_calendar(session, code, row.to_compiled())
    response.headers["location"] = _location(row)
    etag(response, row.version)
    return row


@router.post("/{code}/preview", dependencies=[WRITE], responses=problems(InvalidCalendar))
async def preview_calendar(code: Code, body: Preview, session: SessionDep, now: NowDep) -> PreviewView:
    """How due times would move if the document were published; nothing is stored."""
    cases = [(case.start, case.seconds) for case in body.cases]
    document = _document(body.document)
    version, proposed, moves = await calendars.preview(session, code, document, cases, now=now)
    await service.check_calendar(session, code, proposed)
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
    responses=problems(CalendarNotFound, InvalidICalendar, InvalidCalendar, VersionMismatch),
    openapi_extra={"requestBody": {"required": True, "content": _ICALENDAR}},
)
async def import_icalendar(
    code: Code,
    request: Request,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
    kind: Annotated[Kind, Query(description="What the events of the file are.")] = "off",
) -> ImportView:
    """Publish a new version with the whole days of an iCalendar file as exceptions, which replace those of that day."""
    content = await request.body()
    row, report = await calendars.take_in(
        session, code, content, kind, expected=expected, actor=actor, now=now
    )
    await service.check_calendar(session, code, row.to_compiled())
    response.headers["location"] = _location(row)
    etag(response, row.version)
    return ImportView(
        version=row.version,
        taken=[DayView.model_validate(report.taken[day]) for day in sorted(report.taken)],
        skipped=[SkippedView.model_validate(event) for event in report.skipped[:MOST_SKIPPED]],
        skipped_total=len(report.skipped),
    )


def _document(body: Calendar) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True)


def _location(row: CalendarVersionRow) -> str:
    return f"/v1/calendars/{row.code}/versions/{row.version}"

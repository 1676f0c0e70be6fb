"""Putting calendars in force: here, because one has to hold what the clocks promise that count by it."""

from typing import Annotated, Any

from careloop_common.errors import VersionMismatch
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Response

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import InvalidCalendar
from careloop_ticketing.calendars.schemas import (
    CODE,
    Calendar,
    CalendarView,
    MoveView,
    Preview,
    PreviewView,
)
from careloop_ticketing.calendars.service import CalendarVersionRow
from careloop_ticketing.sla import service

router = CareRouter(prefix="/v1/calendars", tags=["calendars"])

WRITE = needs("policies:write")

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


def _document(body: Calendar) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True)


def _location(row: CalendarVersionRow) -> str:
    return f"/v1/calendars/{row.code}/versions/{row.version}"

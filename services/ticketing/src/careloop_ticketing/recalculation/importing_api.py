"""Taking days of an iCalendar file into a calendar: here, because a dry run tells what they would move."""

from datetime import date
from typing import Annotated, Any, Final

from careloop_common.errors import VersionMismatch
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Query, Request, Response

from careloop_ticketing.calendars import service as calendars
from careloop_ticketing.calendars.errors import CalendarNotFound, InvalidCalendar, InvalidICalendar
from careloop_ticketing.calendars.icalendars import Kind
from careloop_ticketing.calendars.schemas import CODE, DayView, SkippedView
from careloop_ticketing.calendars.service import Proposal
from careloop_ticketing.recalculation import previewing, views
from careloop_ticketing.recalculation.schemas import EffectView, ImportView
from careloop_ticketing.sla import service as sla

router = CareRouter(prefix="/v1/calendars", tags=["calendars"])

MOST_SKIPPED: Final = 500
MOST_TICKETS: Final = 200
_ICALENDAR: Final[dict[str, Any]] = {"text/calendar": {"schema": {"type": "string"}}}


@router.post(
    "/{code}/import",
    status_code=201,
    dependencies=[needs("policies:write")],
    responses={
        200: {"model": ImportView, "description": "What the file would change. Nothing is stored."},
        **problems(CalendarNotFound, InvalidICalendar, InvalidCalendar, VersionMismatch),
    },
    openapi_extra={"requestBody": {"required": True, "content": _ICALENDAR}},
)
async def import_icalendar(
    code: Annotated[str, Path(pattern=CODE)],
    request: Request,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
    kind: Annotated[Kind, Query(description="What the events of the file are.")] = "off",
    official_through: Annotated[
        date | None, Query(description="The file is the official notice until then: due times are final.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Say what would change, and store nothing.")] = False,
) -> ImportView:
    """Publish a new version with the whole days of an iCalendar file as exceptions, which replace those of that day."""
    body = await request.body()
    proposal = await calendars.propose(session, code, body, kind, official_through=official_through, now=now)
    await sla.check_calendar(session, code, proposal.compiled)
    if dry_run:
        response.status_code = 200
        preview = await previewing.preview(
            session, await sla.terms_with(session, code, proposal.compiled), limit=MOST_TICKETS, now=now
        )
        return _view(proposal, None, views.effect(preview))
    row = await calendars.publish(session, code, proposal.document, expected=expected, actor=actor, now=now)
    response.headers["location"] = f"/v1/calendars/{row.code}/versions/{row.version}"
    etag(response, row.version)
    return _view(proposal, row.version, None)


def _view(proposal: Proposal, version: int | None, effect: EffectView | None) -> ImportView:
    report = proposal.report
    return ImportView(
        version=version,
        days=len(report.taken),
        valid_through=proposal.compiled.valid_through,
        changed=proposal.changed,
        taken=[DayView.model_validate(report.taken[day]) for day in sorted(report.taken)],
        skipped=[SkippedView.model_validate(event) for event in report.skipped[:MOST_SKIPPED]],
        skipped_total=len(report.skipped),
        effect=effect,
    )

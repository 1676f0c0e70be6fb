from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.rules import RuleError
from careloop_common.web import (
    ActorDep,
    CareRouter,
    NowDep,
    RuntimeDep,
    SessionDep,
    needs,
    problems,
)
from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from careloop_ticketing.exports import service
from careloop_ticketing.exports.errors import ExportTooLarge
from careloop_ticketing.exports.models import ExportRow
from careloop_ticketing.exports.schemas import ExportView
from careloop_ticketing.saved_views.errors import ViewBroken, ViewNotFound
from careloop_ticketing.tickets.lists_api import ChoiceDep

router = CareRouter(tags=["ticket exports"])


@router.get(
    "/v1/ticket-export",
    response_class=Response,
    dependencies=[needs("tickets:export")],
    responses={
        **problems(ExportTooLarge, RuleError, ViewNotFound, ViewBroken),
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
async def export_tickets(
    choice: ChoiceDep,
    session: SessionDep,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    rule: Annotated[
        str | None, Query(max_length=4_000, description="What they are like: docs/rules.md.")
    ] = None,
    view: Annotated[str | None, Query(description="A saved view, whose rule holds too.")] = None,
) -> StreamingResponse:
    """A list of tickets as CSV for spreadsheets, up to 50,000. It is put on record who took it."""
    said = {name: value for name, value in (("rule", rule), ("view", view)) if value is not None}
    row = await service.record(session, choice, said, actor=actor, now=now)
    headers = {
        "content-disposition": f'attachment; filename="tickets-{now:%Y%m%d-%H%M%S}.csv"',
        "cache-control": "private, no-store",
        "x-export-id": str(row.id),
    }
    content = service.exported(runtime, choice, now=now)
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/v1/ticket-exports",
    response_model=Page[ExportView],
    dependencies=[needs("tickets:supervise")],
    responses=problems(InvalidCursor),
)
async def list_exports(session: SessionDep, query: PageQuery) -> Page[ExportRow]:
    """Who took which tickets, newest first."""
    rows = await service.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,))

from typing import Annotated

from careloop_common.errors import ScopeMissing, VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.rules import RuleError
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Response

from careloop_ticketing.saved_views import queries, service
from careloop_ticketing.saved_views.errors import TooManyViews, ViewNotFound
from careloop_ticketing.saved_views.models import SavedViewRow
from careloop_ticketing.saved_views.schemas import CODE, SavedView, SaveView

router = CareRouter(prefix="/v1/ticket-views", tags=["ticket views"])

READ = needs("tickets:read")
Code = Annotated[str, Path(pattern=CODE)]


@router.put(
    "/{code}",
    response_model=SavedView,
    dependencies=[READ],
    responses=problems(RuleError, ScopeMissing, TooManyViews, VersionMismatch),
)
async def save_view(
    code: Code,
    body: SaveView,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> SavedViewRow:
    """Save a rule as a view of the caller's own or, with `shared`, of everybody; `GET /v1/tickets?view=` lists by it."""
    row = await service.save(
        session,
        code,
        name=body.name,
        rule=body.rule,
        shared=body.shared,
        expected=expected,
        actor=actor,
        now=now,
    )
    etag(response, row.version)
    return row


@router.get("", response_model=Page[SavedView], dependencies=[READ])
async def list_views(session: SessionDep, query: PageQuery, actor: ActorDep) -> Page[SavedViewRow]:
    """The caller's own views and everybody's, by code."""
    rows = await queries.visible(session, actor.id, after=query.after(str, str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.code, row.owner_id))


@router.get("/{code}", response_model=SavedView, dependencies=[READ], responses=problems(ViewNotFound))
async def get_view(code: Code, session: SessionDep, actor: ActorDep, response: Response) -> SavedViewRow:
    """The caller's own view of this code or, failing that, everybody's."""
    row = await service.get(session, code, actor=actor)
    etag(response, row.version)
    return row


@router.delete(
    "/{code}",
    status_code=204,
    dependencies=[READ],
    responses=problems(ViewNotFound, ScopeMissing, VersionMismatch),
)
async def delete_view(code: Code, session: SessionDep, actor: ActorDep, expected: IfMatch) -> None:
    """Delete the view that the caller gets under this code; a shared one needs the scope tickets:supervise."""
    await service.delete(session, code, expected=expected, actor=actor)

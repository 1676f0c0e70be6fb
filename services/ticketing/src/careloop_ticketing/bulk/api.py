from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.rules import RuleError
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Body, Query, Response

from careloop_ticketing.bulk import queries, service
from careloop_ticketing.bulk.errors import (
    BulkJobDone,
    BulkJobNotFound,
    BulkJobUndone,
    BulkJobUnfinished,
    InvalidBulkJob,
    UndoImpossible,
)
from careloop_ticketing.bulk.models import BulkItemRow, BulkJobRow
from careloop_ticketing.bulk.policy import Result
from careloop_ticketing.bulk.schemas import AskBulkJob, BulkItemView, BulkJobView, Undo
from careloop_ticketing.bulk.service import Order
from careloop_ticketing.saved_views.errors import ViewBroken, ViewNotFound

router = CareRouter(prefix="/v1/bulk-jobs", tags=["bulk jobs"])
READ, SUPERVISE = needs("tickets:read"), needs("tickets:supervise")


@router.post(
    "",
    status_code=202,
    response_model=BulkJobView,
    dependencies=[SUPERVISE],
    responses=problems(InvalidBulkJob, RuleError, ViewNotFound, ViewBroken),
)
async def ask(
    body: AskBulkJob, session: SessionDep, actor: ActorDep, now: NowDep, response: Response
) -> BulkJobRow:
    """Have one act done to many tickets in the background, or only tried. The tickets are those chosen at this moment."""
    given = body.arguments.model_dump(mode="json", exclude_unset=True)
    order = Order(body.act, given, dry_run=body.dry_run)
    job = await service.ask(session, order, body.over, actor=actor, now=now)
    response.headers["location"] = f"/v1/bulk-jobs/{job.id}"
    return job


@router.get("", response_model=Page[BulkJobView], dependencies=[READ], responses=problems(InvalidCursor))
async def list_jobs(session: SessionDep, query: PageQuery) -> Page[BulkJobRow]:
    """Newest first."""
    rows = await queries.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get("/{job_id}", response_model=BulkJobView, dependencies=[READ], responses=problems(BulkJobNotFound))
async def get_job(job_id: UUID, session: SessionDep) -> BulkJobRow:
    """How far it is, and how many items came to what."""
    return await service.find(session, job_id)


@router.get(
    "/{job_id}/items",
    response_model=Page[BulkItemView],
    dependencies=[READ],
    responses=problems(BulkJobNotFound, InvalidCursor),
)
async def list_items(
    job_id: UUID,
    session: SessionDep,
    query: PageQuery,
    result: Annotated[Result | None, Query(description="Only those that came to this.")] = None,
) -> Page[BulkItemRow]:
    """The job's tickets in order, and what became of each; none once they are forgotten."""
    await service.find(session, job_id)
    rows = await queries.items(session, job_id, result=result, after=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.ticket_id,))


@router.post(
    "/{job_id}/cancel",
    response_model=BulkJobView,
    dependencies=[SUPERVISE],
    responses=problems(BulkJobNotFound, BulkJobDone),
)
async def cancel(job_id: UUID, session: SessionDep, now: NowDep) -> BulkJobRow:
    """Leave undone what is not done yet."""
    return await service.cancel(session, job_id, now=now)


@router.post(
    "/{job_id}/undo",
    status_code=202,
    response_model=BulkJobView,
    dependencies=[SUPERVISE],
    responses=problems(BulkJobNotFound, BulkJobUnfinished, BulkJobUndone, UndoImpossible),
)
async def undo(
    job_id: UUID,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    response: Response,
    body: Annotated[Undo, Body()] = Undo(),  # noqa: B008
) -> BulkJobRow:
    """Have put back what the job changed, by a job of its own: every ticket that nothing has happened to since."""
    job = await service.undo(session, job_id, dry_run=body.dry_run, actor=actor, now=now)
    response.headers["location"] = f"/v1/bulk-jobs/{job.id}"
    return job

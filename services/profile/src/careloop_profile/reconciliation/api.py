"""Runs over all customers, how far they are, and what they found."""

from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Query, Response

from careloop_profile.reconciliation import queries, service
from careloop_profile.reconciliation.errors import LinkageRunNotFound, NoLinkageModel
from careloop_profile.reconciliation.schemas import FindingKind, LinkageFindingView, LinkageRunView
from careloop_profile.reconciliation.views import finding_view, run_view

router = CareRouter(prefix="/v1/linkage-runs", tags=["linkage runs"])
READ, WRITE = needs("linkage:read"), needs("linkage:write")


@router.post("", status_code=202, dependencies=[WRITE], responses=problems(NoLinkageModel))
async def begin_run(session: SessionDep, now: NowDep, actor: ActorDep, response: Response) -> LinkageRunView:
    """Compare all customers in the background. While a run is under way it is the answer, and no other begins."""
    row = await service.begin(session, now=now, actor=actor)
    response.headers["location"] = f"/v1/linkage-runs/{row.id}"
    return run_view(row)


@router.get("", dependencies=[READ])
async def list_runs(session: SessionDep, query: PageQuery) -> Page[LinkageRunView]:
    """The newest first."""
    rows = await queries.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,), view=run_view)


@router.get("/{run_id}", dependencies=[READ], responses=problems(LinkageRunNotFound))
async def get_run(run_id: UUID, session: SessionDep) -> LinkageRunView:
    return run_view(await service.find(session, run_id))


@router.get("/{run_id}/findings", dependencies=[READ], responses=problems(LinkageRunNotFound, InvalidCursor))
async def list_findings(
    run_id: UUID,
    session: SessionDep,
    query: PageQuery,
    kind: Annotated[list[FindingKind], Query(max_length=6)] = [],  # noqa: B006  (it is never changed)
) -> Page[LinkageFindingView]:
    """What it found, in this order; of some kinds or of all."""
    await service.find(session, run_id)
    rows = await queries.findings(session, run_id, kinds=kind, after=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,), view=finding_view)

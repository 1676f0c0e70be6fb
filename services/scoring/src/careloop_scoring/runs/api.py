from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Response

from careloop_scoring.runs import service
from careloop_scoring.runs.errors import AsOfOutOfRange, ScoringRunAlreadyQueued, ScoringRunUnknown
from careloop_scoring.runs.models import ScoringRun
from careloop_scoring.runs.schemas import RequestRun, RunView

router = CareRouter(prefix="/v1/scoring-runs", tags=["scoring runs"])


@router.post(
    "",
    status_code=202,
    response_model=RunView,
    dependencies=[needs("scores:run")],
    responses=problems(AsOfOutOfRange, ScoringRunAlreadyQueued),
)
async def request_run(
    body: RequestRun, response: Response, session: SessionDep, now: NowDep, actor: ActorDep
) -> ScoringRun:
    """Queue a run; its state is at the `Location`."""
    run = await service.request(session, **body.model_dump(), by=actor.id, now=now)
    response.headers["location"] = f"/v1/scoring-runs/{run.id}"
    return run


@router.get("", response_model=Page[RunView], dependencies=[needs("scores:read")])
async def list_runs(session: SessionDep, query: PageQuery) -> Page[ScoringRun]:
    """Runs, the newest first."""
    rows = await service.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,))


@router.get(
    "/{run_id}",
    response_model=RunView,
    dependencies=[needs("scores:read")],
    responses=problems(ScoringRunUnknown),
)
async def get_run(run_id: UUID, session: SessionDep) -> ScoringRun:
    return await service.find(session, run_id)

from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import CareRouter, SessionDep, needs, problems

from careloop_scoring.registry import queries, service, views
from careloop_scoring.registry.errors import ModelUnknown
from careloop_scoring.registry.schemas import ModelView, ReportView

router = CareRouter(prefix="/v1/models", tags=["models"])


@router.get("", response_model=Page[ModelView], dependencies=[needs("scores:read")])
async def list_models(session: SessionDep, query: PageQuery) -> Page[ModelView]:
    """Trained models, the newest first."""
    rows = await queries.newest(session, before=query.after(UUID), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.id,), view=views.model)


@router.get(
    "/{model_id}",
    response_model=ModelView,
    dependencies=[needs("scores:read")],
    responses=problems(ModelUnknown),
)
async def get_model(model_id: UUID, session: SessionDep) -> ModelView:
    return views.model(await service.find(session, model_id))


@router.get(
    "/{model_id}/report",
    response_model=ReportView,
    dependencies=[needs("scores:read")],
    responses=problems(ModelUnknown),
)
async def get_model_report(model_id: UUID, session: SessionDep) -> ReportView:
    """How good the model is, beside its baseline."""
    return views.report(await service.find(session, model_id))

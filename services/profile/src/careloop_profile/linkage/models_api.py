"""Models in versions: what a training learnt is looked at, then published."""

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Response

from careloop_profile.linkage import queries, service
from careloop_profile.linkage.errors import InvalidLinkageModel, LinkageModelNotFound
from careloop_profile.linkage.models import LinkageModelRow
from careloop_profile.linkage.policy.persons import outcomes
from careloop_profile.linkage.schemas import (
    LinkageModel,
    LinkageModelSummary,
    LinkageModelView,
    PreviewModel,
    PreviewView,
)
from careloop_profile.linkage.service import Records

router = CareRouter(prefix="/v1/linkage-models", tags=["linkage models"])
READ, WRITE = needs("linkage:read"), needs("linkage:write")


@router.put(
    "",
    status_code=201,
    response_model=LinkageModelSummary,
    dependencies=[WRITE],
    responses=problems(InvalidLinkageModel),
)
async def publish_model(
    body: LinkageModel, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> LinkageModelRow:
    """Publish a new version, which is active at once. All customers are compared by it in the background."""
    document = body.model_dump(mode="json", exclude_none=True)
    row = await service.publish(session, document, now=now, actor=actor)
    response.headers["location"] = f"/v1/linkage-models/{row.version}"
    return row


@router.post("/preview", dependencies=[WRITE], responses=problems(InvalidLinkageModel))
async def preview_model(body: PreviewModel, session: SessionDep, runtime: RuntimeDep) -> PreviewView:
    """What a model would do otherwise than the active one, by the newest customers and those like them."""
    document = body.document.model_dump(mode="json", exclude_none=True)
    found = await service.preview(session, Records(runtime.vault), document, body.customers)
    return PreviewView.model_validate(
        {
            "compared": found.compared,
            "active": outcomes(found.active.values()),
            "proposed": outcomes(found.proposed.values()),
            "changed": [
                {
                    "one": pair[0],
                    "other": pair[1],
                    "before": found.active.get(pair),
                    "after": found.proposed.get(pair),
                }
                for pair in found.changed
            ],
        }
    )


@router.get("", response_model=Page[LinkageModelSummary], dependencies=[READ])
async def list_models(session: SessionDep, query: PageQuery) -> Page[LinkageModelRow]:
    """Every version, the active one first."""
    rows = await queries.models(session, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.get(
    "/{version}",
    response_model=LinkageModelView,
    dependencies=[READ],
    responses=problems(LinkageModelNotFound),
)
async def get_model(version: Version, session: SessionDep) -> LinkageModelRow:
    return await service.find(session, version)

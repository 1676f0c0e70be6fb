from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Response

from careloop_ticketing import documents
from careloop_ticketing.dispatch.errors import InvalidRouting, RoutingNotFound
from careloop_ticketing.dispatch.models import RoutingRow
from careloop_ticketing.dispatch.schemas import PreviewRouting, RoutingEffectView, RoutingPolicy, RoutingView
from careloop_ticketing.dispatch.service import routing

router = CareRouter(prefix="/v1/routing-policies", tags=["routing-policies"])
READ, CONFIGURE = needs("tickets:read"), needs("policies:write")


@router.put(
    "",
    status_code=201,
    response_model=RoutingView,
    dependencies=[CONFIGURE],
    responses=problems(InvalidRouting, VersionMismatch),
)
async def publish_routing(
    body: RoutingPolicy,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> RoutingRow:
    """Publish a new version, which is active at once: what waits is routed by it from now on."""
    row = await routing.publish(session, _document(body), expected=expected, actor=actor, now=now)
    response.headers["location"] = f"/v1/routing-policies/{row.version}"
    etag(response, row.version)
    return row


@router.post("/preview", dependencies=[CONFIGURE], responses=problems(InvalidRouting))
async def preview_routing(body: PreviewRouting, session: SessionDep, now: NowDep) -> RoutingEffectView:
    """Where the tickets that wait would go now, and where they would go under this routing. Nothing is changed."""
    proposed = await routing.checked(session, _document(body.policy), now=now)
    effect = await routing.preview(session, proposed, limit=body.tickets, now=now)
    return RoutingEffectView.model_validate(effect, from_attributes=True)


@router.get("", response_model=Page[RoutingView], dependencies=[READ])
async def list_routings(session: SessionDep, query: PageQuery) -> Page[RoutingRow]:
    """Every version, the active one first."""
    rows = await documents.versions(session, RoutingRow, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.get(
    "/{version}",
    response_model=RoutingView,
    dependencies=[READ],
    responses=problems(RoutingNotFound),
)
async def get_routing(version: Version, session: SessionDep, response: Response) -> RoutingRow:
    etag(response, version)
    return await documents.find(session, RoutingRow, version)


def _document(body: RoutingPolicy) -> dict[str, object]:
    return body.model_dump(mode="json", exclude_none=True)

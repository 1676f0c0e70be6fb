from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Response

from careloop_ticketing import documents
from careloop_ticketing.sla import service
from careloop_ticketing.sla.errors import InvalidPolicy, PolicyInForce, PolicyNotFound
from careloop_ticketing.sla.models import PolicyRow
from careloop_ticketing.sla.schemas import SlaPolicy, SlaPolicyView

router = CareRouter(prefix="/v1/sla-policies", tags=["sla-policies"])


@router.put(
    "",
    status_code=201,
    response_model=SlaPolicyView,
    dependencies=[needs("policies:write")],
    responses=problems(InvalidPolicy, VersionMismatch),
)
async def publish_policy(
    body: SlaPolicy,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> PolicyRow:
    """Publish a new version, which is active at once: tickets opened from now on run under it."""
    document = body.model_dump(mode="json", exclude_none=True)
    row = await service.publish(session, document, expected=expected, actor=actor, now=now)
    response.headers["location"] = f"/v1/sla-policies/{row.version}"
    etag(response, row.version)
    return row


@router.get("", response_model=Page[SlaPolicyView], dependencies=[needs("tickets:read")])
async def list_policies(session: SessionDep, query: PageQuery) -> Page[PolicyRow]:
    """Every version, the active one first."""
    rows = await documents.versions(session, PolicyRow, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.get(
    "/{version}",
    response_model=SlaPolicyView,
    dependencies=[needs("tickets:read")],
    responses=problems(PolicyNotFound),
)
async def get_policy(version: Version, session: SessionDep, response: Response) -> PolicyRow:
    etag(response, version)
    return await documents.find(session, PolicyRow, version)


@router.post(
    "/{version}/restore",
    status_code=201,
    response_model=SlaPolicyView,
    dependencies=[needs("policies:write")],
    responses=problems(PolicyNotFound, PolicyInForce, InvalidPolicy),
)
async def restore_policy(
    version: Version, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> PolicyRow:
    """Publish the document of an older version as a new one, which is active at once."""
    row = await service.restore(session, version, actor=actor, now=now)
    response.headers["location"] = f"/v1/sla-policies/{row.version}"
    return row

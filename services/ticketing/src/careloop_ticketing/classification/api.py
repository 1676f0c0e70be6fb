from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Response

from careloop_ticketing import documents
from careloop_ticketing.classification import service
from careloop_ticketing.classification.errors import InvalidRuleSet, RuleSetNotFound
from careloop_ticketing.classification.models import RuleSetRow
from careloop_ticketing.classification.schemas import RuleSet, RuleSetView

router = CareRouter(prefix="/v1/rule-sets", tags=["rule-sets"])


@router.put(
    "",
    status_code=201,
    response_model=RuleSetView,
    dependencies=[needs("policies:write")],
    responses=problems(InvalidRuleSet, VersionMismatch),
)
async def publish_rule_set(
    body: RuleSet,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    expected: IfMatch,
    response: Response,
) -> RuleSetRow:
    """Publish a new version, which is active at once: tickets opened from now on are classified by it."""
    document = body.model_dump(mode="json", exclude_none=True)
    row = await service.publish(session, document, expected=expected, actor=actor, now=now)
    response.headers["location"] = f"/v1/rule-sets/{row.version}"
    etag(response, row.version)
    return row


@router.get("", response_model=Page[RuleSetView], dependencies=[needs("tickets:read")])
async def list_rule_sets(session: SessionDep, query: PageQuery) -> Page[RuleSetRow]:
    """Every version, the active one first."""
    rows = await documents.versions(session, RuleSetRow, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.get(
    "/{version}",
    response_model=RuleSetView,
    dependencies=[needs("tickets:read")],
    responses=problems(RuleSetNotFound),
)
async def get_rule_set(version: Version, session: SessionDep, response: Response) -> RuleSetRow:
    etag(response, version)
    return await documents.find(session, RuleSetRow, version)

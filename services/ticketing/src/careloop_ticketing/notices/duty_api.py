from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Version
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Response

from careloop_ticketing import documents
from careloop_ticketing.notices.errors import InvalidRoster, RosterNotFound
from careloop_ticketing.notices.models import DutyRosterRow
from careloop_ticketing.notices.schemas import DutyRoster, DutyRosterView
from careloop_ticketing.notices.service import rostering

router = CareRouter(prefix="/v1/duty-rosters", tags=["duty-rosters"])
READ, CONFIGURE = needs("tickets:read"), needs("policies:write")


@router.put(
    "",
    status_code=201,
    response_model=DutyRosterView,
    dependencies=[CONFIGURE],
    responses=problems(InvalidRoster, VersionMismatch),
)
async def publish_roster(
    body: DutyRoster, session: SessionDep, now: NowDep, actor: ActorDep, if_match: IfMatch, response: Response
) -> DutyRosterRow:
    """Publish a new version, by which people are told from now on; If-Match names the active one."""
    document = body.model_dump(mode="json", exclude_none=True)
    row = await rostering.publish(session, document, expected=if_match, actor=actor, now=now)
    response.headers["location"] = f"/v1/duty-rosters/{row.version}"
    etag(response, row.version)
    return row


@router.get("", response_model=Page[DutyRosterView], dependencies=[READ])
async def list_rosters(session: SessionDep, query: PageQuery) -> Page[DutyRosterRow]:
    """Every version, the active one first."""
    rows = await documents.versions(session, DutyRosterRow, before=query.after(int), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.version,))


@router.get(
    "/{version}", response_model=DutyRosterView, dependencies=[READ], responses=problems(RosterNotFound)
)
async def get_roster(version: Version, session: SessionDep, response: Response) -> DutyRosterRow:
    row = await documents.find(session, DutyRosterRow, version)
    etag(response, row.version)
    return row

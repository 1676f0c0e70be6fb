from typing import Annotated

from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Response

from careloop_ticketing.staff import queries, service
from careloop_ticketing.staff.errors import InvalidTeam, TeamIsVirtual, TeamNotFound
from careloop_ticketing.staff.schemas import TEAM, Team, TeamView

router = CareRouter(prefix="/v1/teams", tags=["teams"])
READ = needs("tickets:read")
TeamCode = Annotated[str, Path(pattern=TEAM)]


@router.put(
    "/{code}",
    dependencies=[needs("tickets:supervise")],
    responses={
        201: {"model": TeamView, "description": "The team is new."},
        **problems(InvalidTeam, TeamIsVirtual, VersionMismatch),
    },
)
async def put_team(
    code: TeamCode,
    body: Team,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    if_match: IfMatch,
    response: Response,
) -> TeamView:
    """Make a standing team known, or replace its members. The lead is one of them."""
    row, is_new = await service.put_team(session, code, body, expected=if_match, actor=actor, now=now)
    if is_new:
        response.status_code = 201
    etag(response, row.version)
    return view(row, (await service.members_of(session, [code]))[code])


@router.get("", dependencies=[READ])
async def list_teams(session: SessionDep, query: PageQuery) -> Page[TeamView]:
    """Standing and virtual ones, by code."""
    rows = await queries.teams(session, after=query.after(str), limit=query.limit + 1)
    members = await service.members_of(session, [row.code for row in rows])
    return page(rows, query.limit, key=lambda row: (row.code,), view=lambda row: view(row, members[row.code]))


@router.get("/{code}", dependencies=[READ], responses=problems(TeamNotFound))
async def get_team(code: TeamCode, session: SessionDep, response: Response) -> TeamView:
    row = await service.get_team(session, code)
    etag(response, row.version)
    return view(row, (await service.members_of(session, [code]))[code])


def view(team: service.Team, members: list[str]) -> TeamView:
    own = {name: getattr(team, name) for name in TeamView.model_fields if name != "members"}
    return TeamView(**own, members=members)

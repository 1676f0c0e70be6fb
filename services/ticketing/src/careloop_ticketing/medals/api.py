from typing import Annotated
from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.rules import RuleError
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Response

from careloop_ticketing.medals import queries, service
from careloop_ticketing.medals.errors import InvalidMedal, MedalNotFound
from careloop_ticketing.medals.models import MedalRow
from careloop_ticketing.medals.schemas import CODE, HeldMedal, Medal, MedalView
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.errors import AgentNotFound
from careloop_ticketing.staff.schemas import AGENT_ID

router = CareRouter(prefix="/v1", tags=["medals"])
READ = needs("tickets:read")
Code = Annotated[str, Path(pattern=CODE)]


@router.put(
    "/medals/{code}",
    response_model=MedalView,
    dependencies=[needs("tickets:supervise")],
    responses={
        201: {"model": MedalView, "description": "The medal is new."},
        **problems(RuleError, InvalidMedal, VersionMismatch),
    },
)
async def put_medal(
    code: Code,
    body: Medal,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    if_match: IfMatch,
    response: Response,
) -> MedalRow:
    """Make a medal known, or replace all that is known of it. Who has it keeps it."""
    row, is_new = await service.put_medal(session, code, body, expected=if_match, actor=actor, now=now)
    if is_new:
        response.status_code = 201
    etag(response, row.version)
    return row


@router.get("/medals", response_model=Page[MedalView], dependencies=[READ])
async def list_medals(session: SessionDep, query: PageQuery) -> Page[MedalRow]:
    """By code."""
    rows = await queries.medals(session, after=query.after(str), limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.code,))


@router.get(
    "/medals/{code}", response_model=MedalView, dependencies=[READ], responses=problems(MedalNotFound)
)
async def get_medal(code: Code, session: SessionDep, response: Response) -> MedalRow:
    row = await service.get_medal(session, code)
    etag(response, row.version)
    return row


@router.get(
    "/agents/{agent_id}/medals",
    response_model=Page[HeldMedal],
    dependencies=[READ],
    responses=problems(AgentNotFound),
)
async def list_medals_of_agent(
    agent_id: Annotated[str, Path(min_length=1, max_length=100, pattern=AGENT_ID)],
    session: SessionDep,
    query: PageQuery,
) -> Page[service.Held]:
    """What somebody has, the newest first; nothing that was taken back."""
    await staff.get_agent(session, agent_id)
    held = await service.held_by(session, agent_id, before=query.after(UUID), limit=query.limit + 1)
    return page(held, query.limit, key=lambda one: (one.award_id,))

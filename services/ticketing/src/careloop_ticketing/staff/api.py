from datetime import timedelta
from typing import Annotated
from uuid import UUID

from careloop_common.errors import ScopeMissing, VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Path, Query, Response

from careloop_ticketing.staff import queries, service
from careloop_ticketing.staff.errors import (
    AgentNotFound,
    BreaksTooLong,
    InvalidAgent,
    ShiftNotFound,
    ShiftOverlaps,
)
from careloop_ticketing.staff.schemas import (
    AGENT_ID,
    TEAM,
    Agent,
    AgentView,
    CertificateView,
    Shifts,
    ShiftsView,
    ShiftView,
)
from careloop_ticketing.staff.service.people import Described

router = CareRouter(prefix="/v1/agents", tags=["agents"])
READ, WRITE, SUPERVISE = needs("tickets:read"), needs("tickets:write"), needs("tickets:supervise")
AgentId = Annotated[str, Path(min_length=1, max_length=100, pattern=AGENT_ID)]
_SPAN = timedelta(days=31)


@router.put(
    "/{agent_id}",
    dependencies=[SUPERVISE],
    responses={
        201: {"model": AgentView, "description": "The agent was not known before."},
        **problems(InvalidAgent, VersionMismatch),
    },
)
async def put_agent(
    agent_id: AgentId,
    body: Agent,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    if_match: IfMatch,
    response: Response,
) -> AgentView:
    """Make somebody known to dispatch under the id of their tokens, or replace all that is known of them."""
    row, is_new = await service.put_agent(session, agent_id, body, expected=if_match, actor=actor, now=now)
    if is_new:
        response.status_code = 201
    etag(response, row.version)
    (found,) = await service.described(session, [row], now=now)
    return _view(found)


@router.get("", dependencies=[READ])
async def list_agents(
    session: SessionDep,
    now: NowDep,
    query: PageQuery,
    team: Annotated[str | None, Query(pattern=TEAM)] = None,
    skill: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = None,
    active: bool | None = None,
) -> Page[AgentView]:
    """By id; with `skill` those who have any certificate in it."""
    rows = await queries.agents(
        session, team=team, skill=skill, active=active, after=query.after(str), limit=query.limit + 1
    )
    shown = {found.agent.id: _view(found) for found in await service.described(session, rows, now=now)}
    return page(rows, query.limit, key=lambda row: (row.id,), view=lambda row: shown[row.id])


@router.get("/{agent_id}", dependencies=[READ], responses=problems(AgentNotFound))
async def get_agent(agent_id: AgentId, session: SessionDep, now: NowDep, response: Response) -> AgentView:
    row = await service.get_agent(session, agent_id)
    etag(response, row.version)
    (found,) = await service.described(session, [row], now=now)
    return _view(found)


@router.get("/{agent_id}/shifts", dependencies=[READ], responses=problems(AgentNotFound))
async def list_shifts(
    agent_id: AgentId,
    session: SessionDep,
    now: NowDep,
    since: Instant | None = None,
    until: Instant | None = None,
) -> ShiftsView:
    """Shifts and absences that touch a span of time: a month from now on, where nothing else is asked for."""
    start = since or now
    rows = await service.shifts_between(session, agent_id, start, until or start + _SPAN)
    return ShiftsView(items=[ShiftView.model_validate(row) for row in rows])


@router.post(
    "/{agent_id}/shifts",
    status_code=201,
    dependencies=[WRITE],
    responses=problems(AgentNotFound, ShiftOverlaps, ScopeMissing, BreaksTooLong),
)
async def add_shifts(agent_id: AgentId, body: Shifts, session: SessionDep, actor: ActorDep) -> ShiftsView:
    """Plan shifts, leave and breaks. Breaks are for oneself to take, up to four hours a day.

    The rest needs the scope tickets:supervise.
    """
    rows = await service.add_shifts(session, agent_id, body.items, actor=actor)
    return ShiftsView(items=[ShiftView.model_validate(row) for row in rows])


@router.delete(
    "/{agent_id}/shifts/{shift_id}",
    status_code=204,
    dependencies=[WRITE],
    responses=problems(AgentNotFound, ShiftNotFound, ScopeMissing),
)
async def remove_shift(agent_id: AgentId, shift_id: UUID, session: SessionDep, actor: ActorDep) -> None:
    await service.remove_shift(session, agent_id, shift_id, actor=actor)


def _view(found: Described) -> AgentView:
    row, person = found.agent, found.person
    return AgentView(
        id=row.id,
        version=row.version,
        name=row.name,
        level=row.level,
        department=row.department,
        languages=row.languages,
        regions=row.regions,
        capacity=row.capacity,
        calendar=row.calendar,
        hands_over=row.hands_over,
        active=row.active,
        certificates=[CertificateView.model_validate(one) for one in found.certificates],
        earned=[CertificateView.model_validate(one) for one in found.earned],
        teams=sorted(person.teams),
        on_duty=person.on_duty,
        last_assigned_at=row.last_assigned_at,
    )

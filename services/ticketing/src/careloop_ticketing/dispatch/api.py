"""Tickets and the line: taking and putting back, virtual teams, and why a ticket waits."""

from uuid import UUID

from careloop_common.errors import ScopeMissing, VersionMismatch
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, etag, needs, problems
from fastapi import Response

from careloop_ticketing.dispatch.errors import (
    NotForThisAgent,
    TicketTaken,
    VirtualTeamExists,
    VirtualTeamNotFound,
)
from careloop_ticketing.dispatch.schemas import (
    CandidateView,
    DispatchView,
    LineView,
    NeedsView,
    ReleasedView,
)
from careloop_ticketing.dispatch.service import looking, taking
from careloop_ticketing.dispatch.service.taking import Answer
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.api import AgentId
from careloop_ticketing.staff.errors import AgentNotFound, InvalidTeam
from careloop_ticketing.staff.schemas import TeamView, VirtualTeam
from careloop_ticketing.staff.teams_api import view as team_view
from careloop_ticketing.tickets import views
from careloop_ticketing.tickets.acts_api import PROBLEMS, READ, SUPERVISE, WRITE, CaseDep
from careloop_ticketing.tickets.errors import TicketNotFound, TicketNotHeld, TransitionImpossible
from careloop_ticketing.tickets.schemas import TicketView
from careloop_ticketing.tickets.service import Case

router = CareRouter(tags=["dispatch"])
TICKET = "/v1/tickets/{ticket_id}"


def _shown(case: Case, response: Response) -> TicketView:
    etag(response, case.ticket.version)
    return views.view(case.ticket, case.watches, case.now)


@router.get(f"{TICKET}/dispatch", dependencies=[READ], responses=problems(TicketNotFound))
async def explain_dispatch(ticket_id: UUID, session: SessionDep, now: NowDep) -> DispatchView:
    """Who could take the ticket now, who would get it, and what keeps the others from it. Nothing is changed."""
    return _answer(await taking.ask(session, ticket_id, now=now))


@router.post(
    f"{TICKET}/take",
    dependencies=[WRITE],
    responses={
        **problems(TicketNotFound, AgentNotFound),
        **problems(TicketTaken, NotForThisAgent, TransitionImpossible),
        **problems(VersionMismatch),
    },
)
async def take(case: CaseDep, response: Response) -> TicketView:
    """The caller, who is an agent, takes the ticket out of the line."""
    await taking.take(case)
    return _shown(case, response)


@router.post(
    f"{TICKET}/release",
    dependencies=[WRITE],
    responses={**PROBLEMS, **problems(TicketNotHeld, TransitionImpossible), **problems(ScopeMissing)},
)
async def release(case: CaseDep, response: Response) -> TicketView:
    """Put the ticket back into the line, for somebody else: one's own or, as a supervisor, anybody's."""
    await taking.release(case)
    return _shown(case, response)


@router.post(
    f"{TICKET}/virtual-team",
    status_code=201,
    dependencies=[SUPERVISE],
    responses={**PROBLEMS, **problems(VirtualTeamExists, TransitionImpossible), **problems(InvalidTeam)},
)
async def open_virtual_team(body: VirtualTeam, case: CaseDep, response: Response) -> TeamView:
    """Bring people of several departments together for this ticket 虚拟小组; the lead holds it. It ends with the ticket."""
    team = await taking.bring_together(case, body)
    etag(response, case.ticket.version)
    return team_view(team, (await staff.members_of(case.session, [team.code]))[team.code])


@router.delete(
    f"{TICKET}/virtual-team",
    dependencies=[SUPERVISE],
    responses=problems(TicketNotFound, VirtualTeamNotFound, VersionMismatch),
)
async def end_virtual_team(case: CaseDep, response: Response) -> TicketView:
    """The virtual team has done its part; its lead holds the ticket until somebody else does."""
    await taking.disband(case)
    return _shown(case, response)


@router.post(
    "/v1/agents/{agent_id}/release",
    dependencies=[SUPERVISE],
    responses=problems(AgentNotFound),
    tags=["agents"],
)
async def release_all(agent_id: AgentId, session: SessionDep, actor: ActorDep, now: NowDep) -> ReleasedView:
    """Put all that somebody has in hand back into the line, for others."""
    return ReleasedView(released=await taking.release_all(session, agent_id, actor=actor, now=now))


@router.get("/v1/dispatch-summary", dependencies=[needs("tickets:read")])
async def get_dispatch_summary(session: SessionDep, now: NowDep) -> LineView:
    """How long the line is, who is there, and why those wait who do."""
    found = await looking.look(session, now=now)
    on_duty = [person for person in found.people if person.on_duty]
    return LineView(
        waiting=found.waiting,
        vip=found.vip,
        oldest_opened_at=found.oldest_opened_at,
        examined=found.examined,
        takeable=found.takeable,
        obstacles=dict(found.obstacles),
        agents=len(found.people),
        on_duty=len(on_duty),
        capacity=sum(person.capacity for person in on_duty),
        in_hand=found.in_hand,
    )


def _answer(answer: Answer) -> DispatchView:
    choice = answer.choice
    return DispatchView(
        ticket_id=answer.ticket.id,
        waiting=answer.waiting,
        routing_version=answer.routing,
        needs=NeedsView.model_validate(answer.needs) if answer.needs else None,
        chosen=choice.person.id if choice.person else None,
        eligible=choice.eligible,
        obstacle=choice.obstacle,
        ruled_out=dict(choice.ruled_out),
        candidates=[
            CandidateView(
                agent_id=one.person.id,
                name=one.person.name,
                level=one.person.level,
                load=one.load,
                capacity=one.person.capacity,
                obstacle=one.obstacle,
            )
            for one in answer.candidates
        ],
    )

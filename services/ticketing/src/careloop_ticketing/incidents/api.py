from datetime import datetime
from uuid import UUID

from careloop_common.errors import InvalidCursor, VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, needs, problems
from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.bulk.policy import Result
from careloop_ticketing.incidents import schemas, service
from careloop_ticketing.incidents.errors import IncidentNotFound, InvalidIncident, ResolutionUnderWay
from careloop_ticketing.incidents.schemas import IncidentView, ProgressView, ResolutionView
from careloop_ticketing.incidents.service import Standing
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets import views
from careloop_ticketing.tickets.errors import TicketMerged, TicketNotFound, TransitionImpossible
from careloop_ticketing.tickets.schemas import TicketView
from careloop_ticketing.tickets.service import Case

router = CareRouter(prefix="/v1/incidents", tags=["incidents"])
READ, SUPERVISE = needs("tickets:read"), needs("tickets:supervise")


@router.post("", status_code=201, dependencies=[SUPERVISE], responses=problems(InvalidIncident))
async def open_incident(
    body: schemas.OpenIncident, session: SessionDep, actor: ActorDep, now: NowDep, response: Response
) -> IncidentView:
    """Open a fault with many tickets as its children: those that are named, or the open ones that fit a rule."""
    found = await service.open_incident(
        session,
        body.title,
        body.description,
        rule=body.rule,
        chosen=body.tickets or (),
        actor=actor,
        now=now,
    )
    response.headers["location"] = f"/v1/incidents/{found.ticket.id}"
    return await _view(session, found, now)


@router.get("", dependencies=[READ], responses=problems(InvalidCursor))
async def list_incidents(session: SessionDep, query: PageQuery, now: NowDep) -> Page[IncidentView]:
    """Incidents, the newest first."""
    found = await service.listed(session, before=query.after(UUID), limit=query.limit + 1)
    shown = await views.view_all(session, [one.ticket for one in found], now)
    return page(
        found,
        query.limit,
        key=lambda one: (one.ticket.id,),
        view=lambda one: _shown(one, shown[one.ticket.id]),
    )


@router.get("/{ticket_id}", dependencies=[READ], responses=problems(IncidentNotFound))
async def get_incident(ticket_id: UUID, session: SessionDep, now: NowDep, response: Response) -> IncidentView:
    """The fault, its children by status, and how far their resolution is."""
    found = await service.standing(session, ticket_id)
    etag(response, found.ticket.version)
    return await _view(session, found, now)


@router.post(
    "/{ticket_id}/resolve",
    dependencies=[SUPERVISE],
    responses=problems(
        IncidentNotFound,
        TicketNotFound,
        TicketMerged,
        TransitionImpossible,
        ResolutionUnderWay,
        VersionMismatch,
    ),
)
async def resolve_incident(
    ticket_id: UUID,
    body: schemas.ResolveIncident,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    if_match: IfMatch,
) -> IncidentView:
    """Resolve the fault; with `resolve_children` every open child follows, with the same outcome and text."""
    ticket = await tickets.lock(session, ticket_id, expected=if_match)
    case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
    found = await service.resolve(
        case, outcome=body.outcome, note=body.note, resolve_children=body.resolve_children
    )
    return await _view(session, found, now)


async def _view(session: AsyncSession, found: Standing, now: datetime) -> IncidentView:
    return _shown(found, views.view(found.ticket, await sla.of(session, found.ticket.id), now))


def _shown(found: Standing, ticket: TicketView) -> IncidentView:
    job, resolution = found.job, None
    if job:
        counts = job.counts
        resolution = ResolutionView(
            job_id=job.id,
            outcome=job.arguments["outcome"],
            requested_at=job.requested_at,
            finished_at=job.finished_at,
            children=ProgressView(
                pending=counts[Result.PENDING],
                resolved=counts[Result.CHANGED],
                skipped=counts[Result.IMPOSSIBLE] + counts[Result.NOT_DONE],
            ),
        )
    return IncidentView.model_construct(ticket=ticket, children=found.children, resolution=resolution)

from uuid import UUID

from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import (
    ActorDep,
    CareRouter,
    NowDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Response

from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries, schemas, service, views
from careloop_ticketing.tickets.errors import TicketNotFound
from careloop_ticketing.tickets.models import HistoryRow
from careloop_ticketing.tickets.schemas import HistoryView, OpenedTicketView, TicketView
from careloop_ticketing.tickets.service import Intake

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])
READ, WRITE = needs("tickets:read"), needs("tickets:write")


@router.post(
    "",
    status_code=201,
    dependencies=[WRITE],
    responses={200: {"model": OpenedTicketView, "description": "The ticket of this reference exists."}},
)
async def open_ticket(
    body: schemas.OpenTicket, session: SessionDep, now: NowDep, actor: ActorDep, response: Response
) -> OpenedTicketView:
    """Take in a complaint, inquiry, fault or suggestion: number and acknowledgement at once, clocks running."""
    intake = Intake(
        kind=body.kind,
        channel=body.channel,
        subject=body.subject,
        description=body.description,
        source=body.source or body.channel,
        external_ref=body.external_ref,
        language=body.language,
        customer_id=body.customer_id,
        customer_reference=(body.customer.source, body.customer.external_id) if body.customer else None,
    )
    found = await service.open_ticket(session, intake, actor=actor, now=now)
    if not found.is_new:
        response.status_code = 200
    response.headers["location"] = f"/v1/tickets/{found.ticket.id}"
    etag(response, found.ticket.version)
    return views.opened(found, now)


@router.get("/{ticket_id}", dependencies=[READ], responses=problems(TicketNotFound))
async def get_ticket(ticket_id: UUID, session: SessionDep, now: NowDep, response: Response) -> TicketView:
    ticket = await service.get(session, ticket_id)
    etag(response, ticket.version)
    return views.view(ticket, await sla.of(session, ticket.id), now)


@router.get(
    "/{ticket_id}/history",
    response_model=Page[HistoryView],
    dependencies=[READ],
    responses=problems(TicketNotFound),
)
async def get_history(ticket_id: UUID, session: SessionDep, query: PageQuery) -> Page[HistoryRow]:
    """Every step in the life of the ticket, in order: who did it, and what it changed."""
    await service.get(session, ticket_id)
    after = query.after(int) or 0
    rows = await queries.history(session, ticket_id, after=after, limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.seq,))

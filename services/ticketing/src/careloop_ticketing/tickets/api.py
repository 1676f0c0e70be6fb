from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, encode, page
from careloop_common.rules import RuleError
from careloop_common.web import (
    ActorDep,
    CareRouter,
    NowDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Depends, Query, Response

from careloop_ticketing import facts
from careloop_ticketing.saved_views import service as saved_views
from careloop_ticketing.saved_views.errors import ViewBroken, ViewNotFound
from careloop_ticketing.saved_views.schemas import CODE
from careloop_ticketing.search.errors import SearchUnclear
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import queries, schemas, service, views
from careloop_ticketing.tickets.errors import TicketNotFound
from careloop_ticketing.tickets.models import HistoryRow
from careloop_ticketing.tickets.queries import Choice, Filters
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


async def _choice(
    session: SessionDep,
    actor: ActorDep,
    filters: Annotated[Filters, Depends()],
    rule: Annotated[
        str | None, Query(max_length=facts.LONGEST_RULE, description="What they are like: docs/rules.md.")
    ] = None,
    view: Annotated[
        str | None, Query(pattern=CODE, description="A saved view, whose rule holds too.")
    ] = None,
) -> Choice:
    rules = [facts.choice(rule)] if rule is not None else []
    if view is not None:
        rules.append(await saved_views.rule_of(session, view, actor=actor))
    return Choice(filters, rules)


@router.get(
    "",
    dependencies=[READ],
    responses=problems(SearchUnclear, RuleError, InvalidCursor, ViewNotFound, ViewBroken),
)
async def list_tickets(
    session: SessionDep,
    now: NowDep,
    query: PageQuery,
    choice: Annotated[Choice, Depends(_choice)],
    q: Annotated[
        str | None,
        Query(max_length=200, pattern=r"^[^\x00]*$", description="Words, all of them, or a number."),
    ] = None,
) -> Page[TicketView]:
    """Tickets, newest first. With `q` a page can be short, even empty, although another one follows."""
    if q is not None:
        hits = await service.find(session, q, choice, before=query.after(int), limit=query.limit, now=now)
        shown = await views.view_all(session, hits.tickets, now)
        return Page.model_construct(
            items=list(shown.values()), next_cursor=encode((hits.before,)) if hits.before else None
        )
    rows = await queries.newest(session, choice, before=query.after(UUID), limit=query.limit + 1, now=now)
    shown = await views.view_all(session, rows, now)
    return page(rows, query.limit, key=lambda row: (row.id,), view=lambda row: shown[row.id])


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

"""Tickets among each other: links and merges; and who watches them. Two tickets are locked in the order of their ids."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.errors import InvalidCursor, VersionMismatch
from careloop_common.pagination import Page, PageQuery, PageRequest, page
from careloop_common.web import ActorDep, CareRouter, IfMatch, NowDep, SessionDep, etag, problems
from fastapi import Path, Response
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.sla import service as sla
from careloop_ticketing.staff import service as staff
from careloop_ticketing.staff.errors import AgentUnknown
from careloop_ticketing.tickets import kin, schemas, service, views
from careloop_ticketing.tickets.acts_api import PROBLEMS, READ, WRITE, CaseDep
from careloop_ticketing.tickets.errors import (
    CustomersDiffer,
    IncidentAsChild,
    LinkCycle,
    LinkNotFound,
    LinkToItself,
    MergeImpossible,
    ParentClosed,
    TicketNotFound,
    TransitionImpossible,
)
from careloop_ticketing.tickets.models import LinkRow
from careloop_ticketing.tickets.policy import LinkType
from careloop_ticketing.tickets.schemas import LinkView, TicketView
from careloop_ticketing.tickets.service import Case

router = CareRouter(prefix="/v1/tickets", tags=["tickets"])
Person = Annotated[str, Path(min_length=1, max_length=100, pattern=schemas.PERSON)]
MERGING = problems(
    TicketNotFound,
    TransitionImpossible,
    MergeImpossible,
    CustomersDiffer,
    IncidentAsChild,
    VersionMismatch,
    LinkToItself,
)


@router.get(
    "/{ticket_id}/links",
    response_model=Page[LinkView],
    dependencies=[READ],
    responses=problems(TicketNotFound, InvalidCursor),
)
async def list_links(ticket_id: UUID, session: SessionDep, query: PageQuery) -> Page[LinkRow]:
    """From this ticket and to it, the newest first."""
    await service.get(session, ticket_id)
    return await _links(session, ticket_id, query)


@router.post(
    "/{ticket_id}/links",
    status_code=201,
    response_model=Page[LinkView],
    dependencies=[WRITE],
    responses=problems(
        TicketNotFound, LinkToItself, LinkCycle, ParentClosed, IncidentAsChild, VersionMismatch
    ),
)
async def add_link(
    ticket_id: UUID,
    body: schemas.Link,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    if_match: IfMatch,
    query: PageQuery,
) -> Page[LinkRow]:
    """Say what this ticket is to another one; saying it again changes nothing. The answer is the first page of its links."""
    ticket, other = await service.lock_both(session, ticket_id, body.to)
    service.expect(ticket, if_match)
    case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
    await service.link(case, other.id, body.type)
    await session.flush()
    return await _links(session, ticket_id, query)


@router.delete(
    "/{ticket_id}/links/{type}/{to}",
    response_model=Page[LinkView],
    dependencies=[WRITE],
    responses=problems(TicketNotFound, LinkNotFound, VersionMismatch),
)
async def remove_link(type: LinkType, to: UUID, case: CaseDep, query: PageQuery) -> Page[LinkRow]:  # noqa: A002
    """The answer is the first page of the links that are left."""
    await service.unlink(case, to, type)
    await case.session.flush()
    return await _links(case.session, case.ticket.id, query)


async def _links(session: AsyncSession, ticket_id: UUID, query: PageRequest) -> Page[LinkRow]:
    before = query.after(datetime, UUID, UUID, str)
    rows = await kin.links(session, ticket_id, before=before, limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.linked_at, row.from_id, row.to_id, row.type))


@router.post("/{ticket_id}/merge", dependencies=[WRITE], responses=MERGING)
async def merge(
    ticket_id: UUID,
    body: schemas.Merge,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    if_match: IfMatch,
    response: Response,
) -> TicketView:
    """End this ticket: it is about the same as another one, and goes on there."""
    ticket, into = await service.lock_both(session, ticket_id, body.into)
    service.expect(ticket, if_match)
    watches = await sla.of_all(session, [ticket.id, into.id])
    case = Case(session, ticket, watches[ticket.id], actor, now)
    target = Case(session, into, watches[into.id], actor, now)
    await service.merge(case, target, other_customer=body.other_customer)
    etag(response, ticket.version)
    return views.view(ticket, case.watches, now)


@router.post("/{ticket_id}/unmerge", dependencies=[WRITE], responses=MERGING)
async def unmerge(
    ticket_id: UUID, session: SessionDep, actor: ActorDep, now: NowDep, if_match: IfMatch, response: Response
) -> TicketView:
    """The merge was a mistake: the ticket is open again, and its clocks run on from where they stopped."""
    ticket, into = await service.lock_merged(session, ticket_id)
    service.expect(ticket, if_match)
    watches = await sla.of_all(session, [ticket.id, into.id])
    case = Case(session, ticket, watches[ticket.id], actor, now)
    await service.unmerge(case, Case(session, into, watches[into.id], actor, now))
    etag(response, ticket.version)
    return views.view(ticket, case.watches, now)


@router.put(
    "/{ticket_id}/watchers/{person}", dependencies=[WRITE], responses={**PROBLEMS, **problems(AgentUnknown)}
)
async def watch(person: Person, case: CaseDep, response: Response) -> TicketView:
    """Keep somebody informed about the ticket."""
    await staff.expect_agent(case.session, person, pointer="person")
    service.watch(case, person)
    etag(response, case.ticket.version)
    return views.view(case.ticket, case.watches, case.now)


@router.delete("/{ticket_id}/watchers/{person}", dependencies=[WRITE], responses=PROBLEMS)
async def unwatch(person: Person, case: CaseDep, response: Response) -> TicketView:
    service.unwatch(case, person)
    etag(response, case.ticket.version)
    return views.view(case.ticket, case.watches, case.now)

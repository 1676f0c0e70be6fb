"""Tickets under `/tmf-api/troubleTicket/v4` and `/v5`. DELETE is not there: a ticket may not vanish, so it gets 405."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from careloop_common.runtime import Runtime
from careloop_common.tokens import Actor
from careloop_common.web import ActorDep, IfMatch, NowDep, RuntimeDep, SessionDep, etag, needs
from fastapi import Body, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_ticketing.settings import Settings
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.service import Case
from careloop_ticketing.tmf621 import parameters, queries
from careloop_ticketing.tmf621.parameters import (
    LARGEST,
    Fields,
    Filters4,
    Filters5,
    Limit,
    Offset,
    Unsupported,
    demand_json,
)
from careloop_ticketing.tmf621.policy import faces
from careloop_ticketing.tmf621.policy.documents import V4_TICKET, V5_TICKET
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.shapes import Many
from careloop_ticketing.tmf621.queries import Wanted
from careloop_ticketing.tmf621.routing import FaceV4, FaceV5, TmfRouter, answers, takes
from careloop_ticketing.tmf621.service import changing, opening, reading
from careloop_ticketing.tmf621.views import view

router = TmfRouter(prefix="/tmf-api/troubleTicket", tags=["tmf621"])
READ, WRITE, JSON = needs("tickets:read"), needs("tickets:write"), Depends(demand_json)
Document = dict[str, Any]
Created = Annotated[Document, Body()]
Patch = Annotated[Any, Body()]
MERGE = "application/merge-patch+json"


async def _listed(
    session: AsyncSession,
    face: Face,
    response: Response,
    wanted: Wanted,
    *,
    fields: str | None,
    offset: int,
    limit: int,
    sort: str = "-creationDate",
) -> list[Document]:
    rows, total = await queries.listed(session, wanted, sort=sort, offset=offset, limit=min(limit, LARGEST))
    response.headers["x-total-count"], response.headers["x-result-count"] = str(total), str(len(rows))
    return [faces.selected(view(one, face), fields) for one in await reading.see_all(session, rows)]


async def _opened(
    session: AsyncSession,
    face: Face,
    document: Document,
    response: Response,
    *,
    runtime: Runtime[Settings],
    actor: Actor,
    now: datetime,
) -> Document:
    ticket = await opening.open_ticket(session, face, document, runtime=runtime, actor=actor, now=now)
    response.headers["location"] = face.href(faces.TICKET, ticket.id)
    etag(response, ticket.version)
    return view(await reading.see(session, ticket.id), face)


async def _shown(session: AsyncSession, face: Face, given: str, response: Response) -> Document:
    seen = await reading.see(session, reading.identity_of(given))
    etag(response, seen.ticket.version)
    return view(seen, face)


async def _changed(
    session: AsyncSession,
    face: Face,
    given: str,
    patch: Callable[[Document], Document],
    response: Response,
    *,
    expected: int | None,
    runtime: Runtime[Settings],
    actor: Actor,
    now: datetime,
) -> Document:
    ticket = await tickets.lock(session, reading.identity_of(given), expected=expected)
    case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
    await changing.change(case, face, patch, runtime=runtime)
    await session.flush()
    etag(response, ticket.version)
    return view(await reading.see(session, ticket.id), face)


@router.get("/v4/troubleTicket", dependencies=[READ], responses=answers(Many(V4_TICKET.part())))
async def list_v4(
    session: SessionDep,
    face: FaceV4,
    response: Response,
    filters: Annotated[Filters4, Depends()],
    fields: Fields = None,
    offset: Offset = 0,
    limit: Limit = 20,
) -> list[Document]:
    """Tickets, newest first; any attribute that is a parameter here may be a filter, with several values by comma."""
    return await _listed(session, face, response, filters.wanted, fields=fields, offset=offset, limit=limit)


@router.get("/v5/troubleTicket", dependencies=[READ], responses=answers(Many(V5_TICKET.part())))
async def list_v5(
    session: SessionDep,
    face: FaceV5,
    response: Response,
    filters: Annotated[Filters5, Depends()],
    unsupported: Annotated[Unsupported, Depends()],
    fields: Fields = None,
    offset: Offset = 0,
    limit: Limit = 20,
    sort: Annotated[str | None, Query(description="An attribute; `-` in front of it for descending.")] = None,
) -> list[Document]:
    """Tickets, newest first unless `sort` says otherwise."""
    unsupported.refuse()
    by = parameters.sort_of(sort)
    return await _listed(
        session, face, response, filters.wanted, fields=fields, offset=offset, limit=limit, sort=by
    )


@router.post(
    "/v4/troubleTicket",
    status_code=201,
    dependencies=[WRITE, JSON],
    responses=answers(V4_TICKET, 201),
    openapi_extra=takes(V4_TICKET),
)
async def create_v4(
    body: Created,
    session: SessionDep,
    face: FaceV4,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    response: Response,
) -> Document:
    """Open a ticket. The same externalId of the same channel opens it only once."""
    return await _opened(session, face, body, response, runtime=runtime, actor=actor, now=now)


@router.post(
    "/v5/troubleTicket",
    status_code=201,
    dependencies=[WRITE, JSON],
    responses=answers(V5_TICKET, 201),
    openapi_extra=takes(V5_TICKET),
)
async def create_v5(
    body: Created,
    session: SessionDep,
    face: FaceV5,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    response: Response,
    fields: Fields = None,
) -> Document:
    """Open a ticket. The same first externalIdentifier of the same owner opens it only once."""
    return faces.selected(
        await _opened(session, face, body, response, runtime=runtime, actor=actor, now=now), fields
    )


@router.get("/v4/troubleTicket/{ticket_id}", dependencies=[READ], responses=answers(V4_TICKET.part()))
async def get_v4(
    ticket_id: str, session: SessionDep, face: FaceV4, response: Response, fields: Fields = None
) -> Document:
    return faces.selected(await _shown(session, face, ticket_id, response), fields)


@router.get("/v5/troubleTicket/{ticket_id}", dependencies=[READ], responses=answers(V5_TICKET.part()))
async def get_v5(
    ticket_id: str, session: SessionDep, face: FaceV5, response: Response, fields: Fields = None
) -> Document:
    return faces.selected(await _shown(session, face, ticket_id, response), fields)


@router.patch(
    "/v4/troubleTicket/{ticket_id}",
    dependencies=[WRITE],
    responses=answers(V4_TICKET.part(), versioned=True),
    openapi_extra=takes(V4_TICKET.part(), MERGE),
)
async def patch_v4(
    ticket_id: str,
    request: Request,
    body: Patch,
    session: SessionDep,
    face: FaceV4,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    expected: IfMatch,
    response: Response,
) -> Document:
    """Change a ticket by a merge patch. Another status is reached by the act that leads there."""
    patch = parameters.patch_of(request, body, version=4)
    return await _changed(
        session, face, ticket_id, patch, response, expected=expected, runtime=runtime, actor=actor, now=now
    )


@router.patch(
    "/v5/troubleTicket/{ticket_id}",
    dependencies=[WRITE],
    responses=answers(V5_TICKET.part(), versioned=True),
    openapi_extra=takes(V5_TICKET.part(), MERGE),
)
async def patch_v5(
    ticket_id: str,
    request: Request,
    body: Patch,
    session: SessionDep,
    face: FaceV5,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    expected: IfMatch,
    response: Response,
    fields: Fields = None,
) -> Document:
    """Change a ticket by a merge patch or a JSON Patch. Another status is reached by the act that leads there."""
    patch = parameters.patch_of(request, body, version=5)
    found = await _changed(
        session, face, ticket_id, patch, response, expected=expected, runtime=runtime, actor=actor, now=now
    )
    return faces.selected(found, fields)

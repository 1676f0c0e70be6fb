"""E-mail as it comes, handed over by a mail server's pipe, a fetcher or an integrator; and what is needed to answer it."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.errors import BodyTooLarge, MediaTypeNotSupported
from careloop_common.web import (
    ActorDep,
    CareRouter,
    NowDep,
    RuntimeDep,
    SessionDep,
    needs,
    problems,
    streams,
)
from fastapi import Depends, HTTPException, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect

from careloop_ticketing.attachments.policy.limits import LARGEST
from careloop_ticketing.mail import service
from careloop_ticketing.mail.errors import CustomerNamedTwice, MailUnreadable
from careloop_ticketing.mail.policy import reading
from careloop_ticketing.mail.policy.automatic import ours
from careloop_ticketing.mail.policy.outcomes import Outcome
from careloop_ticketing.mail.schemas import MailThreadView, TakenMailView
from careloop_ticketing.mail.service import Named, Taken, Thread
from careloop_ticketing.settings import Settings
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets import views
from careloop_ticketing.tickets.errors import TicketNotFound
from careloop_ticketing.tickets.schemas import Code, Language, Reference
from careloop_ticketing.vocabulary import Kind

router = CareRouter(prefix="/v1", tags=["mail"])
TYPE = "message/rfc822"


async def _named(
    kind: Annotated[Kind, Query(description="Of what kind a new ticket is.")] = Kind.COMPLAINT,
    language: Annotated[Language | None, Query(description="Of a new ticket; else it is guessed.")] = None,
    customer_id: Annotated[UUID | None, Query(description="Whose ticket a new one is.")] = None,
    customer_source: Annotated[Code | None, Query(description="The same by reference.")] = None,
    customer_external_id: Annotated[Reference | None, Query(description="The same by reference.")] = None,
) -> Named:
    if customer_source is None and customer_external_id is None:
        return Named(kind, language, customer_id)
    if customer_source is None or customer_external_id is None or customer_id is not None:
        raise CustomerNamedTwice("customer_id, or customer_source with customer_external_id.")
    return Named(kind, language, None, (customer_source, customer_external_id))


@router.post(
    "/inbound-mail",
    status_code=201,
    dependencies=[needs("tickets:write")],
    responses={
        **problems(MailUnreadable, MediaTypeNotSupported, BodyTooLarge, CustomerNamedTwice),
        200: {"model": TakenMailView, "description": "It opened no ticket now."},
    },
    openapi_extra=streams(LARGEST, TYPE),
)
async def take(
    request: Request,
    session: SessionDep,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    response: Response,
    named: Annotated[Named, Depends(_named)],
) -> TakenMailView:
    """Take in one e-mail, which is the body: it opens a ticket, or adds to the one that it answers, or is ignored.

    Delivered again, it does nothing twice.
    """
    settings: Settings = runtime.settings
    data = await _body(request)
    mail = await asyncio.to_thread(reading.read, data, ours=ours(settings.mail_addresses))
    async with service.receiving(runtime, mail.files, now=now) as files:
        taken = await service.take(
            session, mail, files, named=named, hourly=settings.mail_hourly, actor=actor, now=now
        )
        await session.flush()
    if taken.opened is None:
        response.status_code = 200
    if taken.ticket:
        response.headers["location"] = f"/v1/tickets/{taken.ticket.id}"
    return _view(session, taken, now)


async def _body(request: Request) -> bytes:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != TYPE:
        raise MediaTypeNotSupported(f"The body is a message as it came, as {TYPE}.")
    body = bytearray()
    try:
        async for part in request.stream():
            if len(body) + len(part) > LARGEST:
                raise BodyTooLarge(f"A message may have {LARGEST} bytes.")
            body += part
    except ClientDisconnect:
        raise HTTPException(400, "The body ended before its end.") from None
    return bytes(body)


def _view(session: AsyncSession, taken: Taken, now: datetime) -> TakenMailView:
    row, ticket = taken.row, taken.ticket
    acknowledge = row.acknowledge and taken.is_new
    answer = views.opened(taken.opened, now).acknowledgement if taken.opened and acknowledge else None
    return TakenMailView(
        outcome=row.outcome if taken.is_new else Outcome.KNOWN,
        ticket_id=ticket.id if ticket else None,
        number=ticket.number if ticket else None,
        reason=row.reason,
        acknowledge=acknowledge,
        acknowledgement=answer,
        thread=service.name_of(session, ticket) if ticket else None,
        sender=service.sender_of(session, row),
        refused=row.refused,
    )


@router.get(
    "/tickets/{ticket_id}/mail-thread",
    response_model=MailThreadView,
    dependencies=[needs("tickets:read")],
    responses=problems(TicketNotFound),
)
async def get_mail_thread(ticket_id: UUID, session: SessionDep) -> Thread:
    """What an e-mail about the ticket has to bear so that its answer comes back to it, and who wrote by e-mail."""
    return await service.thread_of(session, await tickets.get(session, ticket_id))

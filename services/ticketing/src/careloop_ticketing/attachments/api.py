"""Files of a ticket. They come and go as they are, in the body; what is said of them is in the address and the headers."""

from typing import Annotated
from uuid import UUID

from careloop_common.errors import BodyTooLarge, VersionMismatch
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    RuntimeDep,
    SessionDep,
    etag,
    needs,
    problems,
    streams,
)
from fastapi import Header, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from careloop_ticketing.attachments import service
from careloop_ticketing.attachments.errors import (
    AttachmentEmpty,
    AttachmentNotFound,
    AttachmentTypeMismatch,
    AttachmentTypeUnsupported,
    AttachmentUnreadable,
    AttachmentUnsafe,
    TooManyAttachments,
)
from careloop_ticketing.attachments.models import AttachmentRow
from careloop_ticketing.attachments.policy import names
from careloop_ticketing.attachments.policy.limits import LARGEST, Purpose
from careloop_ticketing.attachments.schemas import AttachmentsView, AttachmentView
from careloop_ticketing.attachments.store import Store
from careloop_ticketing.sla import service as sla
from careloop_ticketing.tickets import service as tickets
from careloop_ticketing.tickets.acts_api import READ, WRITE, CaseDep
from careloop_ticketing.tickets.errors import TicketNotFound, TransitionImpossible
from careloop_ticketing.tickets.service import Case

router = CareRouter(prefix="/v1/tickets/{ticket_id}/attachments", tags=["tickets"])
REFUSED = (
    AttachmentEmpty,
    AttachmentTypeUnsupported,
    AttachmentTypeMismatch,
    AttachmentUnsafe,
    TooManyAttachments,
    BodyTooLarge,
)
FOUND = problems(TicketNotFound, AttachmentNotFound)


@router.post(
    "",
    response_model=AttachmentView,
    status_code=201,
    dependencies=[WRITE],
    responses={
        **problems(TicketNotFound, TransitionImpossible, VersionMismatch, *REFUSED),
        200: {"model": AttachmentView, "description": "The ticket has this file already."},
    },
    openapi_extra=streams(LARGEST),
)
async def attach(
    ticket_id: UUID,
    request: Request,
    session: SessionDep,
    runtime: RuntimeDep,
    actor: ActorDep,
    now: NowDep,
    if_match: IfMatch,
    response: Response,
    name: Annotated[str | None, Query(max_length=1000, description="What the file is called.")] = None,
    purpose: Purpose = Purpose.OTHER,
    content_disposition: Annotated[
        str | None, Header(description="Where `name` is not given: `attachment; filename*=UTF-8''…`.")
    ] = None,
) -> AttachmentRow:
    """Add a file, which is the body. Its Content-Type is a claim that the content has to bear out."""
    called = names.of_disposition(content_disposition) if name is None and content_disposition else name
    # The ticket is locked once the file is there: a slow client keeps nobody waiting.
    claimed = request.headers.get("content-type")
    try:
        async with service.receiving(runtime, request.stream(), claimed=claimed, now=now) as arrived:
            ticket = await tickets.lock(session, ticket_id, expected=if_match)
            case = Case(session, ticket, await sla.of(session, ticket.id), actor, now)
            found = await service.attach(case, arrived, name=called, purpose=purpose)
    except ClientDisconnect:
        raise HTTPException(400, "The body ended before its end.") from None
    if not found.is_new:
        response.status_code = 200
    response.headers["location"] = f"/v1/tickets/{ticket_id}/attachments/{found.row.id}"
    etag(response, ticket.version)
    return found.row


@router.get("", dependencies=[READ], responses=problems(TicketNotFound))
async def list_attachments(ticket_id: UUID, session: SessionDep) -> AttachmentsView:
    """Files of the ticket, oldest first, and of those that were merged into it."""
    await tickets.get(session, ticket_id)
    return AttachmentsView.model_validate({"items": await service.shown(session, ticket_id)})


@router.get("/{attachment_id}", response_model=AttachmentView, dependencies=[READ], responses=FOUND)
async def get_attachment(ticket_id: UUID, attachment_id: UUID, session: SessionDep) -> AttachmentRow:
    await tickets.get(session, ticket_id)
    return await service.find(session, ticket_id, attachment_id)


@router.get(
    "/{attachment_id}/content",
    response_class=Response,
    dependencies=[READ],
    responses={
        **FOUND,
        **problems(AttachmentUnreadable),
        200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "The caller has this file: its ETag is among those of `If-None-Match`."},
    },
)
async def get_content(
    ticket_id: UUID,
    attachment_id: UUID,
    session: SessionDep,
    runtime: RuntimeDep,
    if_none_match: Annotated[
        str | None, Header(alias="If-None-Match", description="ETags of what the caller has already.")
    ] = None,
) -> Response:
    """The file itself, to be kept and not to be shown: no browser runs what is in it."""
    await tickets.get(session, ticket_id)
    row = await service.find(session, ticket_id, attachment_id)
    headers = _headers(row)
    if _has(if_none_match, headers["etag"]):
        return Response(status_code=304, headers={name: headers[name] for name in ("etag", "cache-control")})
    return StreamingResponse(await service.content(Store.of(runtime), row), headers=headers)


@router.head("/{attachment_id}/content", response_class=Response, dependencies=[READ], responses=FOUND)
async def head_content(ticket_id: UUID, attachment_id: UUID, session: SessionDep) -> Response:
    """What the file is and how large, without it. Whether it can still be read shows only when it is."""
    await tickets.get(session, ticket_id)
    return Response(headers=_headers(await service.find(session, ticket_id, attachment_id)))


def _has(if_none_match: str | None, tag: str) -> bool:
    given = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return tag in given or given == ["*"]


def _headers(row: AttachmentRow) -> dict[str, str]:
    return {
        "content-type": row.media_type,
        "content-length": str(row.size),
        "content-disposition": names.disposition(row.name),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "etag": f'"{row.sha256}"',
    }


@router.delete(
    "/{attachment_id}",
    status_code=204,
    dependencies=[needs("tickets:supervise")],
    responses=problems(TicketNotFound, AttachmentNotFound, VersionMismatch),
)
async def detach(attachment_id: UUID, case: CaseDep, response: Response) -> None:
    """Remove a file from the ticket that it was added to. Nobody can read it any more; the history keeps its hash."""
    await service.detach(case, attachment_id)
    etag(response, case.ticket.version)

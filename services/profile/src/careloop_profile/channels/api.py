from typing import Annotated

from careloop_common.errors import VersionMismatch
from careloop_common.web import CareRouter, IfMatch, SessionDep, etag, needs, problems
from fastapi import Depends, Path, Request, Response
from sqlalchemy import select
from sqlmodel import col

from careloop_profile.channels import service
from careloop_profile.channels.catalogue import ChannelCatalogue
from careloop_profile.channels.errors import ChannelExists, ChannelNotFound
from careloop_profile.channels.models import ChannelRow
from careloop_profile.channels.schemas import ChannelList, ChannelView, Code, NewChannel, ReviseChannel

router = CareRouter(prefix="/v1/channels", tags=["channels"])


async def _catalogue(request: Request) -> ChannelCatalogue:
    catalogue: ChannelCatalogue = request.app.state.channels
    return catalogue


CatalogueDep = Annotated[ChannelCatalogue, Depends(_catalogue)]


@router.get("", dependencies=[needs("interactions:read")])
async def list_channels(session: SessionDep) -> ChannelList:
    """The channels that interactions may come from."""
    rows = await session.scalars(select(ChannelRow).order_by(col(ChannelRow.code)))
    return ChannelList.model_validate({"items": rows.all()})


@router.post(
    "",
    status_code=201,
    response_model=ChannelView,
    dependencies=[needs("channels:write")],
    responses=problems(ChannelExists),
)
async def add(
    body: NewChannel, response: Response, session: SessionDep, catalogue: CatalogueDep
) -> ChannelRow:
    """A new channel. Interactions may come by it at once, at other processes within half a minute."""
    row = await service.add(session, body.model_dump())
    catalogue.outdated()
    etag(response, row.version)
    return row


@router.patch(
    "/{code}",
    response_model=ChannelView,
    dependencies=[needs("channels:write")],
    responses=problems(ChannelNotFound, VersionMismatch),
)
async def revise(
    code: Annotated[Code, Path()],
    body: ReviseChannel,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    catalogue: CatalogueDep,
) -> ChannelRow:
    """Replace what is given of a channel. Interactions that came by it stay as they are."""
    facts = body.model_dump(exclude_none=True)
    row = await service.revise(session, code, facts, expected_version=expected)
    catalogue.outdated()
    etag(response, row.version)
    return row

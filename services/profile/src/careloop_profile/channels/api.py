from careloop_common.schemas import View
from careloop_common.web import CareRouter, SessionDep, needs
from sqlalchemy import select

from careloop_profile.channels.models import ChannelRow

router = CareRouter(prefix="/v1/channels", tags=["channels"])


class ChannelView(View):
    code: str
    name: str
    name_zh: str


class ChannelList(View):
    items: list[ChannelView]


@router.get("", dependencies=[needs("interactions:read")])
async def list_channels(session: SessionDep) -> ChannelList:
    """The channels that interactions may come from."""
    rows = await session.scalars(select(ChannelRow).order_by(ChannelRow.code))
    return ChannelList.model_validate({"items": rows.all()})

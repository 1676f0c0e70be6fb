from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common import subject_keys
from careloop_common.errors import InvalidCursor
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.problems import problems
from careloop_common.schemas import Instant
from careloop_common.web import ActorDep, CareRouter, RuntimeDep, SessionDep, needs
from fastapi import Depends

from careloop_campaign.contact.policy import Purpose, Reason
from careloop_campaign.messages import queries, reading
from careloop_campaign.messages.policy import State
from careloop_campaign.messages.schemas import MessageSummary, MessageView

router = CareRouter(tags=["messages"])


@dataclass
class MessageFilters:
    customer_id: UUID | None = None
    state: State | None = None
    reason: Reason | None = None
    purpose: Purpose | None = None


@router.get("/v1/messages", dependencies=[needs("messages:read")], responses=problems(InvalidCursor))
async def list_messages(
    *,
    filters: Annotated[MessageFilters, Depends()],
    query: PageQuery,
    session: SessionDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> Page[MessageView]:
    """Messages, newest first."""
    rows = await queries.newest(
        session, asdict(filters), before=query.after(datetime, UUID), limit=query.limit + 1
    )
    await subject_keys.load(session, {row.customer_id for row in rows})
    masked = not actor.may("customers:personal")
    return page(
        rows,
        query.limit,
        key=lambda row: (row.planned_at, row.message_id),
        view=lambda row: reading.view(row, runtime.vault, masked=masked),
    )


@router.get("/v1/message-summary", dependencies=[needs("messages:read")])
async def summarise_messages(session: SessionDep, since: Instant | None = None) -> MessageSummary:
    """How many messages were sent, withheld and why, failed, or are on their way."""
    return await reading.summary(session, since)

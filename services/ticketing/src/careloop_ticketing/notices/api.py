"""Notices: one's own, unread ones first; a supervisor reads those of others too."""

from typing import Annotated
from uuid import UUID

from careloop_common.errors import ScopeMissing
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Path, Query

from careloop_ticketing.notices.errors import NoticeNotFound
from careloop_ticketing.notices.models import NoticeRow
from careloop_ticketing.notices.policy.roster import NOBODY
from careloop_ticketing.notices.policy.telling import Choice, Reason
from careloop_ticketing.notices.schemas import (
    MarkedView,
    MarkRead,
    NoticeChoice,
    NoticeChoiceView,
    NoticeCountsView,
    NoticeView,
)
from careloop_ticketing.notices.service import reading
from careloop_ticketing.notices.service.reading import Counts
from careloop_ticketing.staff.schemas import AGENT_ID

router = CareRouter(tags=["notices"])
READ = needs("tickets:read")
Person = Annotated[str | None, Query(min_length=1, max_length=100, pattern=AGENT_ID)]
AgentId = Annotated[str, Path(min_length=1, max_length=100, pattern=AGENT_ID)]


@router.get(
    "/v1/notices", response_model=Page[NoticeView], dependencies=[READ], responses=problems(ScopeMissing)
)
async def list_notices(
    session: SessionDep,
    actor: ActorDep,
    query: PageQuery,
    recipient: Person = None,
    nobody: bool = False,
    unread: bool | None = None,
    reason: Reason | None = None,
    ticket_id: UUID | None = None,
) -> Page[NoticeRow]:
    """The caller's, unread ones first, or with tickets:supervise somebody else's; `nobody` lists what reached no one."""
    rows = await reading.find(
        session,
        reading.whose(actor, NOBODY if nobody else recipient),
        unread=unread,
        reason=reason,
        ticket_id=ticket_id,
        after=query.after(int, UUID),
        limit=query.limit + 1,
    )
    return page(rows, query.limit, key=lambda row: (int(row.read_at is not None), row.id))


@router.get(
    "/v1/notices/counts",
    response_model=NoticeCountsView,
    dependencies=[READ],
    responses=problems(ScopeMissing),
)
async def count_notices(session: SessionDep, actor: ActorDep, recipient: Person = None) -> Counts:
    """How many are unread, and how many tickets wait for the person."""
    return await reading.counts(session, reading.whose(actor, recipient))


@router.post("/v1/notices/read", dependencies=[READ], responses=problems(NoticeNotFound))
async def mark_read(body: MarkRead, session: SessionDep, actor: ActorDep, now: NowDep) -> MarkedView:
    """Mark notices of one's own as read. What is read already stays as it is."""
    if body.up_to is not None:
        return MarkedView(marked=await reading.mark_all(session, actor.id, body.up_to, now=now))
    return MarkedView(marked=await reading.mark(session, actor.id, body.ids or [], now=now))


@router.get("/v1/notice-choices/{agent_id}", dependencies=[READ], responses=problems(ScopeMissing))
async def get_choice(agent_id: AgentId, session: SessionDep, actor: ActorDep) -> NoticeChoiceView:
    """What somebody is told of the tickets that they watch, and by which channels; the usual if they never chose."""
    person = reading.whose(actor, agent_id)
    return _view(person, await reading.chosen(session, person))


@router.put("/v1/notice-choices/{agent_id}", dependencies=[READ], responses=problems(ScopeMissing))
async def choose(
    agent_id: AgentId, body: NoticeChoice, session: SessionDep, actor: ActorDep, now: NowDep
) -> NoticeChoiceView:
    """Choose that, for oneself or with tickets:supervise for somebody else."""
    person = reading.whose(actor, agent_id)
    choice = Choice(frozenset(body.watched), tuple(dict.fromkeys(body.channels)))
    await reading.choose(session, person, choice, actor=actor, now=now)
    return _view(person, choice)


def _view(agent_id: str, choice: Choice) -> NoticeChoiceView:
    return NoticeChoiceView(agent_id=agent_id, watched=sorted(choice.watched), channels=list(choice.channels))

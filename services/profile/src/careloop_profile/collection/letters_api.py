from datetime import datetime
from typing import Annotated
from uuid import UUID

from careloop_common.messaging.errors import BrokerUnavailable
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.web import ActorDep, CareRouter, NowDep, SessionDep, needs, problems
from fastapi import Query

from careloop_profile.collection.api import CollectorDep
from careloop_profile.collection.schemas import LetterView, ReplayBody, Replayed
from careloop_profile.collection.service import replaying
from careloop_profile.interactions import queries
from careloop_profile.interactions.errors import (
    IntakeFull,
    ItemRefused,
    LetterNotFound,
    LetterReplayed,
    Reason,
)
from careloop_profile.interactions.service.letters import Form

router = CareRouter(prefix="/v1/interaction-dead-letters", tags=["dead letters"])
READ, REPLAY = needs("interactions:read"), needs("interactions:replay")


@router.get("", dependencies=[READ])
async def list_letters(
    query: PageQuery,
    session: SessionDep,
    reason: Reason | None = None,
    form: Form | None = None,
    source: Annotated[str | None, Query(max_length=100)] = None,
    waiting: Annotated[bool | None, Query(description="Not replayed, or replayed.")] = None,
) -> Page[LetterView]:
    """Messages that were refused, with the reason, the newest first. What is in them is sealed, and shown to nobody."""
    rows = await queries.letters(
        session,
        {"reason": reason, "form": form, "source": source},
        waiting=waiting,
        before=query.after(datetime, UUID),
        limit=query.limit + 1,
    )
    return page(rows, query.limit, key=lambda row: (row.received_at, row.id), view=LetterView.model_validate)


@router.post("/replay", dependencies=[REPLAY], responses=problems(IntakeFull, BrokerUnavailable))
async def replay_all(
    body: ReplayBody, session: SessionDep, now: NowDep, actor: ActorDep, collector: CollectorDep
) -> Replayed:
    """Take the letters that wait for this reason, as of when they came. What was taken before is not taken twice."""
    outcome = await replaying.replay_all(
        session, collector, body.reason, limit=body.limit, now=now, actor=actor
    )
    return Replayed.model_validate(outcome)


@router.post(
    "/{letter_id}/replay",
    status_code=204,
    dependencies=[REPLAY],
    responses=problems(LetterNotFound, LetterReplayed, ItemRefused, IntakeFull, BrokerUnavailable),
)
async def replay(
    letter_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep, collector: CollectorDep
) -> None:
    """Take one letter; if it is refused again, the answer says why."""
    await replaying.replay(session, collector, letter_id, now=now, actor=actor)

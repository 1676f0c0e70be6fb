from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from careloop_common.messaging import dead_letters
from careloop_common.messaging.errors import BrokerUnavailable
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.runtime import Runtime
from careloop_common.web import ActorDep, CareRouter, NowDep, RuntimeDep, SessionDep, needs, problems
from fastapi import Query

from careloop_profile.collection import handlers as collection
from careloop_profile.collection.api import CollectorDep
from careloop_profile.collection.schemas import LetterView, ReplayBody, Replayed
from careloop_profile.collection.service import replaying
from careloop_profile.interactions import handlers as interactions
from careloop_profile.interactions import queries
from careloop_profile.interactions.errors import (
    IntakeFull,
    ItemRefused,
    LetterNotFound,
    LetterRefused,
    LetterReplayed,
)
from careloop_profile.interactions.service.letters import Form

router = CareRouter(prefix="/v1/interaction-dead-letters", tags=["dead letters"])
_NUMBERS = 1 << 63
"""The worker numbers its letters; as ids they are the lowest there are."""
READ, REPLAY = needs("interactions:read"), needs("interactions:replay")


@router.get("", dependencies=[READ])
async def list_letters(
    query: PageQuery,
    session: SessionDep,
    reason: Annotated[str | None, Query(max_length=40)] = None,
    form: Form | Literal["stored"] | None = None,
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
    body: ReplayBody,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    collector: CollectorDep,
    runtime: RuntimeDep,
) -> Replayed:
    """Take the letters that wait for this reason, as of when they came. What was taken before is not taken twice."""
    outcome = await replaying.replay_all(
        session, collector, body.reason, limit=body.limit, now=now, actor=actor
    )
    numbers = await queries.stored_letters(session, body.reason, limit=body.limit)
    handled, failed = await _store(runtime, numbers)
    left = outcome.left + len(await queries.stored_letters(session, body.reason, limit=body.limit))
    return Replayed(replayed=outcome.replayed + handled, failed=outcome.failed + failed, left=left)


@router.post(
    "/{letter_id}/replay",
    status_code=204,
    dependencies=[REPLAY],
    responses=problems(
        LetterNotFound, LetterRefused, LetterReplayed, ItemRefused, IntakeFull, BrokerUnavailable
    ),
)
async def replay(
    letter_id: UUID,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    collector: CollectorDep,
    runtime: RuntimeDep,
) -> None:
    """Take one letter; if it is refused again, the answer says why."""
    if letter_id.int >= _NUMBERS:
        await replaying.replay(session, collector, letter_id, now=now, actor=actor)
        return
    handled, failed = await _store(runtime, [letter_id.int])
    if failed:
        raise LetterRefused(f"Dead letter {letter_id} could not be stored.")
    if not handled:
        raise LetterNotFound(f"There is no dead letter {letter_id} that waits.")


async def _store(runtime: Runtime[Any], numbers: Sequence[int]) -> tuple[int, int]:
    """Give letters of the worker to its handlers again, each in a transaction of its own."""
    if not numbers:
        return 0, 0
    readers = [*interactions.subscriptions(), *collection.subscriptions(runtime)]
    ours = [one for one in readers if one.durable in queries.CONSUMERS]
    return await dead_letters.replay(runtime, ours, only=numbers)

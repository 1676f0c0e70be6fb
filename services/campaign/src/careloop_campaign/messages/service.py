"""The send ledger: planning messages, taking deferred ones up again, and reading what became of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from careloop_common import subject_keys, timers
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from careloop_campaign.messages import queries
from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import Plan, State

RECHECK = "message"


async def plan(session: AsyncSession, plans: Sequence[Plan], *, now: datetime) -> int:
    """Put messages into the ledger; those that are there already stay as they are, and to who was erased there are none.
    Returns how many were new."""
    erased = await subject_keys.destroyed(session, {one.customer_id for one in plans})
    plans = [one for one in plans if one.customer_id not in erased]
    if not plans:
        return 0
    # One order for everybody, so that two planners of the same messages never wait in a circle.
    rows = [_values(one, now) for one in sorted(plans, key=lambda p: (p.customer_id, p.message_id))]
    found = await session.execute(
        insert(Message).on_conflict_do_nothing().returning(col(Message.message_id)), rows
    )
    return len(found.all())


async def recheck(session: AsyncSession, due: Sequence[timers.DueTimer], _now: datetime) -> None:
    """Deferred messages whose time has come are candidates again, judged by the rules of that moment."""
    generations = {(UUID(timer.data["customer_id"]), timer.owner_id): timer.generation for timer in due}
    for row in await queries.lock(session, generations.keys()):
        current = row.deferrals == generations[row.customer_id, row.message_id]
        if current and row.state == State.DEFERRED:
            row.state = State.PLANNED


def _values(one: Plan, now: datetime) -> dict[str, object]:
    return {
        "customer_id": one.customer_id,
        "message_id": one.message_id,
        "campaign": one.campaign,
        "step": one.step,
        "occurrence": one.occurrence,
        "purpose": one.purpose,
        "rank": one.purpose.rank,
        "template": one.template,
        "reference": one.reference,
        "values": dict(one.values),
        "preferred_channel": one.channel,
        "immediate": one.immediate,
        "state": State.PLANNED,
        "attempts": 0,
        "deferrals": 0,
        "possible_duplicate": False,
        "planned_at": now,
        "expires_at": one.expires_at,
    }

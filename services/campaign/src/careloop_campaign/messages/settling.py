"""What the answers of transports, or their absence, make of submitted messages."""

from collections.abc import Sequence
from datetime import datetime

from careloop_common import outbox
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.contact.policy import Purpose, Reason
from careloop_campaign.delivery.transport import Accepted, Answer, Lost, Rejected, Unavailable
from careloop_campaign.messages import events, queries
from careloop_campaign.messages.composing import Submission
from careloop_campaign.messages.deciding import defer, fail
from careloop_campaign.messages.metrics import OUTCOMES
from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import (
    OPEN_TO_FAILURE,
    OPEN_TO_SUCCESS,
    State,
    after_lost_answer,
    retry_delay,
)


async def settle(
    session: AsyncSession, answers: Sequence[tuple[Submission, Answer]], *, now: datetime
) -> None:
    """Record a batch of answers. One that belongs to an attempt before the latest says nothing any more."""
    by_key = {(s.customer_id, s.message_id): (s.attempt, answer) for s, answer in answers}
    for row in await queries.lock(session, by_key.keys()):
        attempt, answer = by_key[row.customer_id, row.message_id]
        if row.attempts == attempt:
            await _settle(session, row, answer, now)


async def expire_leases(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """The sender of these is gone, or as good as: nobody will say what became of them."""
    rows = await queries.lock_leases_expired(session, now, limit)
    for row in rows:
        _lose(row, "lease_expired", now)
    return len(rows)


async def _settle(session: AsyncSession, row: Message, answer: Answer, now: datetime) -> None:
    if isinstance(answer, Accepted):
        if row.state in OPEN_TO_SUCCESS:
            _accept(session, row, answer, now)
        return
    if row.state not in OPEN_TO_FAILURE:
        return
    match answer:
        case Rejected(code):
            fail(session, row, code, now)
        case Unavailable(code):
            row.detail = code
            await defer(session, row, now + retry_delay(row.attempts), Reason.CHANNEL_UNAVAILABLE)
        case Lost(code):
            _lose(row, code, now)


def _accept(session: AsyncSession, row: Message, answer: Accepted, now: datetime) -> None:
    row.state, row.reason, row.detail = State.ACCEPTED, None, None
    row.provider_id, row.settled_at = answer.provider_id, now
    row.slot_at = row.slot_at or now
    row.lease_until = row.deferred_until = None
    OUTCOMES.labels(row.purpose, row.state, "").inc()
    outbox.add(session, events.sent(row, now), now=now)


def _lose(row: Message, code: str, now: datetime) -> None:
    """The slot stays taken: the person may well have been reached."""
    service_class = row.purpose == Purpose.SERVICE
    row.state = after_lost_answer(service_class=service_class, possible_duplicate=row.possible_duplicate)
    row.possible_duplicate = row.possible_duplicate or row.state == State.PLANNED
    row.detail, row.lease_until = code, None
    if row.state == State.UNKNOWN:
        row.settled_at = now
    OUTCOMES.labels(row.purpose, State.UNKNOWN, code).inc()

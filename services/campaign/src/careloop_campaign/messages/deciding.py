"""From planned to reserved, and from reserved to submitting: the two transactions in which the rules are asked.

A reservation takes the person's contact slot under the lock on their budget, so two campaigns can never take the same one.
The second look, in the transaction that enters submitting, is what makes a withdrawal of consent count at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from careloop_common import outbox, subject_keys, timers
from careloop_common.errors import SubjectKeyGone
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_campaign.contact import service as contact
from careloop_campaign.contact.policy import Defer, Reason, Rules, Send, Withhold, decide
from careloop_campaign.messages import events, queries
from careloop_campaign.messages.composing import Composer, Submission
from careloop_campaign.messages.metrics import OUTCOMES
from careloop_campaign.messages.models import Message
from careloop_campaign.messages.policy import State, lease_until
from careloop_campaign.messages.service import RECHECK

KEY_PAUSE = timedelta(minutes=1)
"""How long a message waits whose customer's key nobody gave out."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the decisions of one batch rest on, read once."""

    rules: Rules
    contacts: Mapping[UUID, contact.Contact]
    slots: dict[UUID, list[queries.Slot]]


async def reserve(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """Decide on planned messages; those that may go out hold a slot from here on. Returns how many were decided."""
    rows = await queries.lock_planned(session, limit)
    if not rows:
        return 0
    await contact.lock_budgets(session, {row.customer_id for row in rows})
    scene = await _scene(session, rows, now)
    for row in rows:
        slots = scene.slots.setdefault(row.customer_id, [])
        decision = _decide(row, scene, [slot for slot in slots if slot[2] != row.message_id], now)
        match decision:
            case Send(channel):
                row.state, row.channel, row.reason = State.RESERVED, channel.value, None
                row.slot_at = now
                slots.append((now, row.rank, row.message_id))
            case Defer(until, reason):
                await defer(session, row, until, reason)
            case Withhold(reason):
                withhold(session, row, reason, now)
    return len(rows)


async def submit(
    session: AsyncSession, composer: Composer, *, channels: Collection[str], now: datetime, limit: int
) -> list[Submission]:
    """Look again, and let what still may go out enter submitting. It is sent after this transaction has committed."""
    rows = await queries.lock_reserved(session, channels, limit)
    if not rows:
        return []
    scene = await _scene(session, rows, now)
    await subject_keys.load(session, {row.customer_id for row in rows})
    submissions = []
    for row in rows:
        earlier = [slot for slot in scene.slots.get(row.customer_id, ()) if slot < _slot(row)]
        match _decide(row, scene, earlier, now):
            case Defer(until, reason):
                await defer(session, row, until, reason)
            case Withhold(reason):
                withhold(session, row, reason, now)
            case Send():
                if submission := await _enter(session, composer, row, scene, now):
                    submissions.append(submission)
    return submissions


async def _enter(
    session: AsyncSession, composer: Composer, row: Message, scene: Scene, now: datetime
) -> Submission | None:
    row.attempts += 1
    try:
        submission = composer.compose(row, scene.contacts[row.customer_id].member)
    except SubjectKeyGone:
        row.attempts -= 1
        await defer(session, row, now + KEY_PAUSE, Reason.CHANNEL_UNAVAILABLE)
        return None
    if isinstance(submission, Reason):
        withhold(session, row, submission, now)
        return None
    if isinstance(submission, str):
        fail(session, row, submission, now)
        return None
    row.state, row.lease_until = State.SUBMITTING, lease_until(now)
    return submission


async def defer(session: AsyncSession, row: Message, until: datetime, reason: Reason) -> None:
    """Wait on a timer, without a slot."""
    row.state, row.reason, row.deferred_until = State.DEFERRED, reason.value, until
    row.slot_at = row.lease_until = None
    row.deferrals += 1
    OUTCOMES.labels(row.purpose, row.state, reason.value).inc()
    await timers.arm(
        session,
        kind=RECHECK,
        owner_id=row.message_id,
        step="recheck",
        due_at=until,
        generation=row.deferrals,
        data={"customer_id": str(row.customer_id)},
    )


def withhold(session: AsyncSession, row: Message, reason: Reason, now: datetime) -> None:
    row.state, row.reason, row.settled_at = State.WITHHELD, reason.value, now
    row.slot_at = row.lease_until = row.deferred_until = None
    OUTCOMES.labels(row.purpose, row.state, reason.value).inc()
    outbox.add(session, events.withheld(row, reason, now), now=now)


def fail(session: AsyncSession, row: Message, error: str, now: datetime) -> None:
    """Refused for good: nobody was contacted, so the slot goes back."""
    row.state, row.reason, row.detail, row.settled_at = State.FAILED, None, error, now
    row.slot_at = row.lease_until = row.deferred_until = None
    OUTCOMES.labels(row.purpose, row.state, error).inc()
    outbox.add(session, events.failed(row, error, now), now=now)


async def _scene(session: AsyncSession, rows: Sequence[Message], now: datetime) -> Scene:
    customers = {row.customer_id for row in rows}
    rules = (await contact.in_force(session)).rules
    window = max((cap.window for cap in rules.caps), default=timedelta(0))
    return Scene(
        rules=rules,
        contacts=await contact.contacts(session, customers),
        slots=await queries.slots(session, customers, now, window),
    )


def _decide(
    row: Message, scene: Scene, slots: Sequence[queries.Slot], now: datetime
) -> Send | Defer | Withhold:
    known = scene.contacts.get(row.customer_id)
    return decide(
        row.to_candidate(scene.rules.channels),
        known.person if known else None,
        scene.rules,
        [slot_at for slot_at, _, _ in slots],
        now,
    )


def _slot(row: Message) -> queries.Slot:
    return row.slot_at or row.planned_at, row.rank, row.message_id

"""Messages that no handler could take: put aside whole, listed, and replayed when the reason is gone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from careloop_contracts import envelope
from careloop_contracts.envelope import MalformedEnvelope
from careloop_contracts.streams import dead_letter_subject
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common import clock
from careloop_common.messaging import disposition
from careloop_common.messaging.bus import Bus
from careloop_common.messaging.errors import BrokerRefused, BrokerUnavailable
from careloop_common.messaging.processing import Processor, processor_of
from careloop_common.messaging.subscription import RawMessage, RawSubscription, Subscription
from careloop_common.observability.logging import redact
from careloop_common.plumbing import dead_letter
from careloop_common.runtime import Runtime

log = structlog.get_logger()

_DETAIL_CHARACTERS = 2000


async def put(
    session: AsyncSession,
    *,
    durable: str,
    message: RawMessage,
    error: Exception,
    reason: str,
    attempts: int,
    now: datetime,
) -> None:
    """Keep a message with the reason why it could not be handled."""
    event_id, event_type = _identity(message)
    await session.execute(
        insert(dead_letter).values(
            consumer=durable,
            reason=reason,
            detail=_detail(error),
            event_id=event_id,
            event_type=event_type,
            stream=message.stream,
            sequence=message.sequence,
            subject=message.subject,
            headers=dict(message.headers),
            payload=message.data,
            attempts=attempts,
            failed_at=now,
        )
    )


async def publish_copy(bus: Bus, *, service: str, durable: str, message: RawMessage, reason: str) -> None:
    """Send a copy to the dead-letter stream for whoever watches it; the table is what counts."""
    if not bus.connected:
        return
    headers = {
        **message.headers,
        "Nats-Msg-Id": f"dlq-{service}-{durable}-{message.stream}-{message.sequence}",
        "careloop-reason": reason,
        "careloop-subject": message.subject,
        "careloop-sequence": str(message.sequence),
    }
    headers.pop("Nats-Expected-Stream", None)
    try:
        await bus.publish(dead_letter_subject(service, durable), message.data, headers, seconds=2)
    except (BrokerRefused, BrokerUnavailable) as error:
        log.warning("dead_letter.not_copied", durable=durable, error=error.detail)


async def pending(runtime: Runtime[Any], *, limit: int = 1000) -> list[dict[str, Any]]:
    """List the dead letters that nobody has replayed, oldest first, without their bodies."""
    shown = [column for column in dead_letter.c if column.name not in {"payload", "headers", "replayed_at"}]
    query = select(*shown).where(dead_letter.c.replayed_at.is_(None)).order_by(dead_letter.c.id).limit(limit)
    async with runtime.database.transaction() as session:
        return [dict(row) for row in (await session.execute(query)).mappings()]


async def replay(
    runtime: Runtime[Any],
    subscriptions: Sequence[Subscription | RawSubscription],
    *,
    only: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Give dead letters, all or those of some ids, to their handlers again; returns how many went and how many not."""
    processors = {item.durable: processor_of(item, batch=1) for item in subscriptions}
    letters = select(dead_letter.c.id).where(
        dead_letter.c.replayed_at.is_(None), dead_letter.c.consumer.in_(processors)
    )
    if only is not None:
        letters = letters.where(dead_letter.c.id.in_(only))
    async with runtime.database.transaction() as session:
        ids = (await session.execute(letters.order_by(dead_letter.c.id))).scalars().all()
    results = [await _replay_one(runtime, processors, number) for number in ids]
    return results.count(True), results.count(False)


async def _replay_one(runtime: Runtime[Any], processors: Mapping[str, Processor], number: int) -> bool | None:
    """Whether the handler took it; None if another process was at it."""
    now = clock.now()
    try:
        async with runtime.database.transaction() as session:
            query = select(dead_letter).where(dead_letter.c.id == number, dead_letter.c.replayed_at.is_(None))
            row = (await session.execute(query.with_for_update(skip_locked=True))).one_or_none()
            if row is None:
                return None
            await processors[row.consumer].repeat(session, _message(row), now)
            done = update(dead_letter).where(dead_letter.c.id == number).values(replayed_at=now)
            await session.execute(done)
    except Exception as error:  # noqa: BLE001  (whatever a handler raises: the letter stays)
        await _note_failure(runtime, number, error, now)
        return False
    log.info("dead_letter.replayed", id=number)
    return True


async def _note_failure(runtime: Runtime[Any], number: int, error: Exception, now: datetime) -> None:
    reason = disposition.of(error, attempt=99).reason or "transient"
    async with runtime.database.transaction() as session:
        await session.execute(
            update(dead_letter)
            .where(dead_letter.c.id == number)
            .values(attempts=dead_letter.c.attempts + 1, reason=reason, detail=_detail(error), failed_at=now)
        )
    log.warning("dead_letter.failed_again", id=number, reason=reason, exc_info=error)


def _message(row: Row[Any]) -> RawMessage:
    return RawMessage(row.stream, row.sequence, row.subject, row.headers, row.payload, nanos=0)


def _identity(message: RawMessage) -> tuple[UUID | None, str | None]:
    try:
        found = envelope.parse(message.headers)
    except MalformedEnvelope:
        return None, None
    return found.id, found.type


def _detail(error: Exception) -> str:
    words = redact(f"{type(error).__name__}: {error}")
    return words.replace("\0", "")[:_DETAIL_CHARACTERS]

"""The outbox: an event is a row of the transaction that caused it, or it does not exist.

The visible `session` is the guarantee. The relay (`careloop_common.messaging.relay`) publishes the rows after commit;
this module never talks to the broker, so a service may write events without depending on one.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from careloop_contracts import Event, envelope, partition_of
from sqlalchemy import text
from sqlalchemy.event import listens_for
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from careloop_common import clock, ids, records
from careloop_common.database import after_commit
from careloop_common.observability.tracing import current_traceparent

WAKE = "outbox"
PENDING = "outbox_rows"
_Row = tuple[UUID, int, str, dict[str, str], str, datetime]
_MARKS = "outbox_marks"
"""How many rows there were when each of the open savepoints began."""
MAX_BYTES = 256 << 10
"""Largest event: the streams take no larger message, and a row that can never be sent would block its partition."""

_COLUMNS: Final = {
    "event_id": "uuid",
    "partition": "int",
    "subject": "text",
    "headers": "jsonb",
    "payload": "text",
    "created_at": "timestamptz",
}
_INSERT: Final = text(
    f"""
    INSERT INTO outbox (event_id, partition, subject, headers, payload, created_at)
    SELECT event_id, partition, subject, headers, convert_to(payload, 'UTF8'), created_at FROM {records.given(_COLUMNS)}
    """  # noqa: S608
)
"""In the order of the calls: the relay publishes by ascending id."""


_BEHIND = text("SELECT count(*) > :many FROM (SELECT FROM outbox LIMIT :many + 1) AS waiting")


async def is_behind(session: AsyncSession, *, many: int) -> bool:
    """Whether more than so many events wait to be published: who makes them by the thousand lets others' pass first."""
    return bool(await session.scalar(_BEHIND, {"many": many}))


def add(
    session: AsyncSession, event: Event, *, now: datetime | None = None, payload: str | None = None
) -> UUID:
    """Publish `event` when this session's transaction commits; returns the event's id.

    Rows are written in the order of the calls, by one statement just before the commit. A savepoint that is rolled
    back takes its events back. `payload` is the event's JSON where somebody else has written it: then of the event
    itself no more than its key is looked at.
    """
    source, trace = session.info.get("source", ""), current_traceparent()
    row = _row(event, payload or event.model_dump_json(), now or clock.now(), source, trace)
    session.info.setdefault(PENDING, []).append(row)
    after_commit(session, WAKE)
    return row[0]


@listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if rows := session.info.pop(PENDING, None):
        session.execute(_INSERT, {"rows": records.encode(_COLUMNS, rows)})


@listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_MARKS, []).append(len(session.info.get(PENDING, ())))


@listens_for(Session, "after_transaction_end")
def _unmark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info[_MARKS].pop()


@listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    kept = session.info[_MARKS][-1] if session.in_nested_transaction() else 0
    del session.info.get(PENDING, [])[kept:]


def _row(event: Event, payload: str, at: datetime, source: str, trace: str | None) -> _Row:
    event_id = ids.new_id()
    if (size := len(payload.encode())) > MAX_BYTES:
        raise ValueError(f"{event.type} of {size} bytes is over the limit of {MAX_BYTES}")
    partition = partition_of(event.key_value)
    headers = envelope.headers(event, event_id=event_id, time=at, source=source, traceparent=trace)
    return event_id, partition, event.subject(partition), headers, payload, at

"""Where a consumer is in its stream. The row moves in the transaction of the effects, or both do not happen."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_common.messaging.subscription import RawMessage
from careloop_common.plumbing import consumer_position


class Fenced(Exception):
    """Another process moved the position: it leads now, and what was done here is rolled back."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last message of a stream that a consumer has handled; sequence 0 is before the first."""

    consumer: str
    group: int
    stream: str
    created_at: datetime
    sequence: int = 0
    nanos: int = 0

    def after(self, message: RawMessage) -> "Position":
        """Return the position behind a message."""
        return replace(self, sequence=message.sequence, nanos=message.nanos)


async def load(session: AsyncSession, consumer: str, group: int) -> Position | None:
    """Read where a consumer is."""
    columns = consumer_position.c
    query = select(columns.stream, columns.stream_created_at, columns.sequence, columns.message_nanos)
    row = (
        await session.execute(query.where(columns.consumer == consumer, columns.partition_group == group))
    ).one_or_none()
    return None if row is None else Position(consumer, group, *row)


async def store(session: AsyncSession, before: Position | None, after: Position) -> None:
    """Move from one position to another; raises Fenced if the consumer is no longer at the first."""
    statement = insert(consumer_position).values(
        consumer=after.consumer,
        partition_group=after.group,
        stream=after.stream,
        stream_created_at=after.created_at,
        sequence=after.sequence,
        message_nanos=after.nanos,
        updated_at=func.now(),
    )
    columns, new = consumer_position.c, statement.excluded
    moved = {
        name: new[name] for name in ("stream", "stream_created_at", "sequence", "message_nanos", "updated_at")
    }
    expected = (
        (columns.sequence == before.sequence) & (columns.stream_created_at == before.created_at)
        if before is not None
        else columns.sequence < 0
    )
    upsert = statement.on_conflict_do_update(
        index_elements=["consumer", "partition_group"], set_=moved, where=expected
    ).returning(columns.sequence)
    if (await session.execute(upsert)).one_or_none() is None:
        raise Fenced(f"{after.consumer} is not at {before.sequence if before else 'the start'} any more")

"""The tables that every service has besides its own: outbox, inbox, positions, dead letters, timers, idempotency.

Core tables in one module-level metadata. The library reads and writes them through these objects; a service owns the
copies that `plumbing_tables` puts into its metadata, their migration and their rows.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

_BUSY = {"autovacuum_vacuum_scale_factor": 0.01, "autovacuum_vacuum_threshold": 1000}
"""Queue tables: rows come and go, and dead index entries at the head slow every claim until they are vacuumed."""


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("event_id", Uuid, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    _instant("created_at"),
    postgresql_with=_BUSY,
)
"""Events that are not published yet, in the order in which they are to be."""

outbox_sent = Table(
    "outbox_sent",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Uuid, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    _instant("created_at"),
    _instant("sent_at"),
    Index("ix_outbox_sent_at", "sent_at"),
)
"""Events that the broker acknowledged, kept for a day so that they can be sent again."""

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    _instant("received_at"),
    Index("ix_inbox_received_at", "received_at", postgresql_using="brin"),
)
"""Events whose effect is in this database."""

consumer_position = Table(
    "consumer_position",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("partition_group", SmallInteger, primary_key=True, autoincrement=False),
    Column("stream", Text, nullable=False),
    _instant("stream_created_at"),
    Column("sequence", BigInteger, nullable=False),
    Column("message_nanos", BigInteger, nullable=False),
    _instant("updated_at"),
    postgresql_with={"fillfactor": 50} | _BUSY,
)
"""How far each consumer has read its stream; moved in the transaction of the effects."""

dead_letter = Table(
    "dead_letter",
    metadata,
    _id(),
    Column("consumer", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("event_id", Uuid),
    Column("event_type", Text),
    Column("stream", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    _instant("failed_at"),
    _instant("replayed_at", nullable=True),
    Index("ix_dead_letter_waiting", "consumer", "id", postgresql_where=text("replayed_at IS NULL")),
)
"""Messages that no handler could take, whole, until somebody replays them."""

timer = Table(
    "timer",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    _instant("due_at"),
    _instant("available_at"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("status", Text, nullable=False, server_default=text("'armed'")),
    Column("data", JSONB, nullable=False),
    _instant("armed_at"),
    Index("uq_timer_owner", "kind", "owner_id", "step", unique=True),
    Index("ix_timer_due", "available_at", "id", postgresql_where=text("status = 'armed'")),
    Index("ix_timer_dead", "kind", postgresql_where=text("status = 'dead'")),
    postgresql_with={"fillfactor": 80} | _BUSY,
)
"""What is to happen at a time. Fired rows leave, so that the head of the index stays clean."""

timer_history = Table(
    "timer_history",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False),
    _instant("due_at"),
    _instant("fired_at"),
    Column("outcome", Text, nullable=False),
    Index("ix_timer_history_owner", "owner_id", "kind"),
    Index("ix_timer_history_fired_at", "fired_at", postgresql_using="brin"),
)
"""What happened at its time, and how late."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("client", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    _instant("created_at"),
    Index("ix_idempotency_created_at", "created_at", postgresql_using="brin"),
)
"""Answers to requests that came with a key, for those that come again."""


def plumbing_tables(target_metadata: MetaData) -> None:
    """Copy the tables into a service's metadata, so that its migrations create them."""
    for table in metadata.sorted_tables:
        table.to_metadata(target_metadata)

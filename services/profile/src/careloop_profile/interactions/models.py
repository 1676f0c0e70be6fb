from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)
MONEY = Numeric(16, 4)
SUM = Numeric(30, 4)
"""No sum may not fit: it would be in the way of all that are counted with it."""


class InteractionRow(Base, table=True):
    """What happened between a customer and the operator. Partitioned by day; the key makes resending harmless."""

    __tablename__ = "interaction"
    __table_args__ = (
        Index("ix_interaction_timeline", "customer_id", text("occurred_at DESC")),
        Index("ix_interaction_suspect", "message_uid", postgresql_where=text("time_suspect")),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )

    message_uid: UUID = Field(primary_key=True)
    occurred_at: datetime = Field(primary_key=True, sa_type=INSTANT)
    customer_id: UUID
    channel: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    direction: str | None = Field(default=None, sa_type=Text)
    amount: Decimal | None = Field(default=None, sa_type=MONEY)
    properties: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    received_at: datetime = Field(sa_type=INSTANT)
    time_suspect: bool = Field(sa_type=Boolean)


class UnresolvedRow(Base, table=True):
    """An interaction of somebody who is not known, or not known for certain. It waits for its customer."""

    __tablename__ = "interaction_unresolved"
    __table_args__ = (
        Index("ix_interaction_unresolved_customer", "customer_id"),
        Index("ix_interaction_unresolved_index", "blind_index"),
        Index("ix_interaction_unresolved_received", "received_at", "message_uid"),
    )

    message_uid: UUID = Field(primary_key=True)
    occurred_at: datetime = Field(sa_type=INSTANT)
    customer_id: UUID | None = None
    blind_index: str | None = Field(default=None, sa_type=Text)
    label: str | None = Field(default=None, sa_type=Text)
    channel: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    direction: str | None = Field(default=None, sa_type=Text)
    amount: Decimal | None = Field(default=None, sa_type=MONEY)
    properties: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    received_at: datetime = Field(sa_type=INSTANT)
    time_suspect: bool = Field(sa_type=Boolean)


class BucketRow(Base, table=True):
    """What a customer did on a day of UTC, by channel and kind: the counters, as long as the day is kept."""

    __tablename__ = "metric_bucket"
    __table_args__ = (
        Index("ix_metric_bucket_day", "day", postgresql_using="brin"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    customer_id: UUID = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    channel: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(primary_key=True, sa_type=Text)
    count: int
    amount: Decimal = Field(sa_type=SUM)
    last_at: datetime = Field(sa_type=INSTANT)
    first_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """Not known of what was counted before it was kept here; `ActivityRow` has it."""


class ActivityRow(Base, table=True):
    """What a customer's counters have beside the days that are kept and what waits to be counted, per channel: the sums of
    days that are kept no more. Whoever reads the counters adds all three."""

    __tablename__ = "customer_activity"
    __table_args__ = ({"postgresql_with": {"fillfactor": 70}},)

    customer_id: UUID = Field(primary_key=True)
    channel: str = Field(primary_key=True, sa_type=Text)
    interactions: int
    payments: int
    amount: Decimal = Field(sa_type=SUM)
    complaints: int
    first_at: datetime = Field(sa_type=INSTANT)
    last_at: datetime = Field(sa_type=INSTANT)


NEWS = Table(
    "interaction_news",
    Base.metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("occurred_at", INSTANT, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount", Numeric),
    Column("stored_at", INSTANT, nullable=False, server_default=func.now()),
    Column("already", SmallInteger, nullable=False, server_default=text("0")),
    Index("ix_interaction_news_customer", "customer_id"),
    Index("ix_interaction_news_novel", "customer_id", postgresql_where=text("already = 0")),
    postgresql_with={"autovacuum_vacuum_scale_factor": 0.0, "autovacuum_vacuum_threshold": 20_000},
)
"""Interactions that were stored and not counted yet: written on the hot path, and taken away by whoever counts next.
`already` is how often the customer's day had the same by the same channel when it was stored, ten at most; one where it had
that kind by another channel, and that channel for another kind."""


class LetterRow(Base, table=True):
    """A message that was refused when it came in. Its body is sealed: nobody knows what is in it."""

    __tablename__ = "interaction_dead_letter"
    __table_args__ = (
        CheckConstraint("form IN ('interaction', 'segment', 'cloudevent')", name="form"),
        Index("ix_interaction_dead_letter_received", "received_at", "id"),
        Index(
            "ix_interaction_dead_letter_waiting",
            "reason",
            "received_at",
            "id",
            postgresql_where=text("replayed_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    form: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    size: int
    body_sealed: bytes = Field(sa_type=LargeBinary)
    times: int
    """How often it was sent."""
    attempts: int
    received_at: datetime = Field(sa_type=INSTANT)
    tried_at: datetime = Field(sa_type=INSTANT)
    replayed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    replayed_by: str | None = Field(default=None, sa_type=Text)


class ArchiveRow(Base, table=True):
    """A file of days that have left `interaction`. The first of them has the name of their partition; what came late may
    be in others that follow it."""

    __tablename__ = "interaction_archive"

    name: str = Field(primary_key=True, sa_type=Text)
    first: date
    last: date
    """The day after the last one in it."""
    rows: int = Field(sa_type=BigInteger)
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(sa_type=Text)
    archived_at: datetime = Field(sa_type=INSTANT)
    restored_at: datetime | None = Field(default=None, sa_type=INSTANT)

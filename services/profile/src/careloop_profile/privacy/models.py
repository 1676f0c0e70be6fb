from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class ErasureRow(Base, table=True):
    """A person to be forgotten, and how far that is."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint("state IN ('erasing', 'waiting', 'completed')", name="state"),
        Index("ix_erasure_request_customers", "customers", postgresql_using="gin"),
        Index("ix_erasure_request_requested_at", "requested_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    customers: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    reason: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    """`erasing` while there is something left here, `waiting` for the other services."""
    requested_at: datetime = Field(sa_type=INSTANT)
    requested_by: str = Field(sa_type=Text)
    sought_sealed: str | None = Field(default=None, sa_type=Text)
    """By what the person is found in what is kept whole; gone with the last of it."""
    done: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    """How much of what was deleted here."""
    erased_at: datetime | None = Field(default=None, sa_type=INSTANT)
    completed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    receipt: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))


class AcknowledgementRow(Base, table=True):
    """The word of another service that it has nothing of a customer any more."""

    __tablename__ = "erasure_acknowledgement"

    request_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    service: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(sa_type=INSTANT)
    done: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))


class SuppressionRow(Base, table=True):
    """An identifier of somebody who was erased, which nobody can read: what is late about it goes nowhere, until
    somebody lifts it."""

    __tablename__ = "suppression"

    blind_index: str = Field(primary_key=True, sa_type=Text)
    kind: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=INSTANT)


class LiftRow(Base, table=True):
    """A suppression that somebody lifted, and why. The same identifier can be suppressed and lifted again."""

    __tablename__ = "suppression_lift"
    __table_args__ = (
        Index("ix_suppression_lift_blind_index", "blind_index", "lifted_at"),
        Index("ix_suppression_lift_lifted_at", "lifted_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    blind_index: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=INSTANT)
    lifted_at: datetime = Field(sa_type=INSTANT)
    lifted_by: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class EdgeRow(Base, table=True):
    """How far a history has been passed by the end of the time for which it is kept."""

    __tablename__ = "history_edge"

    name: str = Field(primary_key=True, sa_type=Text)
    number: int = Field(sa_type=BigInteger)

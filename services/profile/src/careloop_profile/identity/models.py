from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class EvidenceRow(Base, table=True):
    """Why two customers are one person, or that they are not. `one` is the lower id. Kept also when it no longer holds."""

    __tablename__ = "identity_evidence"
    __table_args__ = (
        CheckConstraint("one < other", name="ordered"),
        CheckConstraint("state IN ('holds', 'withdrawn', 'apart')", name="state"),
        Index("ix_identity_evidence_one", "one"),
        Index("ix_identity_evidence_other", "other"),
        Index("ix_identity_evidence_merge_id", "merge_id"),
        Index(
            "uq_identity_evidence_holds",
            "one",
            "other",
            "method",
            "rule",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    one: UUID
    other: UUID
    method: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    """Of the deterministic ones the name, of a model its version, of people what they gave as reason."""
    probability: float | None = Field(default=None, sa_type=Double)
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """How the probability came about, field by field; no personal data."""
    state: str = Field(sa_type=Text)
    merge_id: UUID | None = None
    """The merge that it brought about; none if the two were one person already."""
    at: datetime = Field(sa_type=INSTANT)
    by: str = Field(sa_type=Text)
    withdrawn_at: datetime | None = Field(default=None, sa_type=INSTANT)
    withdrawn_by: str | None = Field(default=None, sa_type=Text)


class MergeRow(Base, table=True):
    """One change of who is one person. Rows are only added; an undone merge has the number of what undid it."""

    __tablename__ = "identity_merge"
    __table_args__ = (
        CheckConstraint("operation IN ('merge', 'unmerge')", name="operation"),
        Index("ix_identity_merge_customers", "customers", postgresql_using="gin"),
    )

    id: UUID = Field(primary_key=True)
    number: int = Field(default=None, sa_column=Column(Integer, Identity(), unique=True, nullable=False))
    operation: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    undoes: UUID | None = Field(default=None, unique=True)
    customers: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    before: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    """The persons there were, each with its customers; the first of each is its id."""
    after: list[list[str]] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_type=INSTANT)
    by: str = Field(sa_type=Text)

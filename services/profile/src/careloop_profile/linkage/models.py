from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class LinkageModelRow(Base, table=True):
    """One version of the model. The document never changes; the highest version is active.

    `cursor` is the last of the customers known before who has been compared by it.
    """

    __tablename__ = "linkage_model"

    version: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    name: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
    cursor: UUID | None = None
    applied_at: datetime | None = Field(default=None, sa_type=INSTANT)


class LinkageKeyRow(Base, table=True):
    """What a customer is found by: a keyed hash of parts of its fields, which nobody can read."""

    __tablename__ = "linkage_key"
    __table_args__ = (Index("ix_linkage_key_key", "key"),)

    customer_id: UUID = Field(primary_key=True)
    key: int = Field(sa_column=Column(BigInteger, primary_key=True))


class MatchReviewRow(Base, table=True):
    """Two customers of whom somebody has to say whether they are one person. `one` is the lower id.

    Of a `join` they are two persons so far; of a `split` one, which hangs together by the evidence of these two alone.
    """

    __tablename__ = "match_review"
    __table_args__ = (
        CheckConstraint("one < other", name="ordered"),
        CheckConstraint("kind IN ('join', 'split')", name="kind"),
        CheckConstraint("state IN ('open', 'accepted', 'rejected', 'settled', 'withdrawn')", name="state"),
        Index("uq_match_review_pair", "one", "other", "kind", unique=True),
        Index("ix_match_review_open", "id", postgresql_where=text("state = 'open'")),
        Index("ix_match_review_other_open", "other", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(default="join", sa_type=Text)
    one: UUID
    other: UUID
    run_id: UUID | None = None
    """The run over all customers that found it; none where it was found as they came."""
    bridge: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """Of a split both of its parts, and what joined them once."""
    model_version: int
    probability: float = Field(sa_type=Double)
    weight: float = Field(sa_type=Double)
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """By field the level that holds and its weight; no personal data."""
    state: str = Field(sa_type=Text)
    assignee: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=INSTANT)
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decided_by: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)

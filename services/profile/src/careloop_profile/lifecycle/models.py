from datetime import date, datetime
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
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class TermsRow(Base, table=True):
    """Thresholds that hold from a time on. The version with the latest such time that has come is in force; of two of
    the same time the newer."""

    __tablename__ = "lifecycle_terms"

    version: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    valid_from: datetime = Field(sa_type=INSTANT)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)


class MoveRow(Base, table=True):
    """One change of the stage or the tier of a person, with what brought it about."""

    __tablename__ = "lifecycle_move"
    __table_args__ = (
        CheckConstraint("kind IN ('stage', 'tier')", name="kind"),
        Index("ix_lifecycle_move_person", "person_id", text("number DESC")),
    )

    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    person_id: UUID
    kind: str = Field(sa_type=Text)
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    at: datetime = Field(sa_type=INSTANT)
    because: str = Field(sa_type=Text)
    terms_version: int | None = None


class RankRow(Base, table=True):
    """The tier of a person, and what it will become if the next period agrees."""

    __tablename__ = "lifecycle_rank"

    person_id: UUID = Field(primary_key=True)
    tier: str = Field(sa_type=Text)
    due: str | None = Field(default=None, sa_type=Text)
    periods: int = Field(sa_column=Column(SmallInteger, nullable=False))
    value: float = Field(sa_type=Double)
    period: date


class PeriodRow(Base, table=True):
    """Where the tiers end in a month."""

    __tablename__ = "lifecycle_period"

    period: date = Field(primary_key=True)
    ends: list[dict[str, Any] | None] = Field(sa_column=Column(JSONB, nullable=False))
    persons: int
    at: datetime = Field(sa_type=INSTANT)


class PersonListRow(Base, table=True):
    """A rule that somebody keeps; who is on the list is asked when it is read."""

    __tablename__ = "person_list"

    code: str = Field(primary_key=True, sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    owner: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=INSTANT)
    updated_by: str = Field(sa_type=Text)

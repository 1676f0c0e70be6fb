from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger, Text, text
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class RelationRow(Base, table=True):
    """What one customer is to another, from a day until another day. Rows are ended, never deleted."""

    __tablename__ = "relationship"
    __table_args__ = (
        CheckConstraint("from_id <> to_id OR account_id IS NOT NULL", name="two"),
        CheckConstraint("valid_to >= valid_from", name="span"),
        CheckConstraint("influence BETWEEN -5 AND 5", name="influence"),
        CheckConstraint("rapport BETWEEN 0 AND 5", name="rapport"),
        CheckConstraint("state IN ('proposed', 'confirmed', 'dismissed')", name="state"),
        Index("ix_relationship_from_id", "from_id"),
        Index("ix_relationship_to_id", "to_id"),
        Index("ix_relationship_organization_id", "organization_id"),
        Index("ix_relationship_account_id", "account_id"),
        Index("ix_relationship_proposed", "id", postgresql_where=text("state = 'proposed'")),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    from_id: UUID
    to_id: UUID
    organization_id: UUID | None = None
    """Where it is so: somebody may have a superior in each of two firms."""
    account_id: UUID | None = None
    subscription_id: UUID | None = None
    """What is paid for; without it all that the customer has."""
    role: str | None = Field(default=None, sa_type=Text)
    title: str | None = Field(default=None, sa_type=Text)
    influence: int | None = Field(default=None, sa_type=SmallInteger)
    stance: str | None = Field(default=None, sa_type=Text)
    rapport: int | None = Field(default=None, sa_type=SmallInteger)
    """How well we know the contact, from 0 to 5."""
    preference: str | None = Field(default=None, sa_type=Text)
    """Which technology the contact wants."""
    source: str = Field(sa_type=Text)
    evidence: str | None = Field(default=None, sa_type=Text)
    valid_from: date
    valid_to: date | None = None
    """The first day on which it is not so any more."""
    state: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decided_by: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_by: str | None = Field(default=None, sa_type=Text)
    end_reason: str | None = Field(default=None, sa_type=Text)


class AccountRow(Base, table=True):
    """Whoever gets the bill. What is on it are relations of kind `payer`."""

    __tablename__ = "account"
    __table_args__ = (Index("ix_account_payer_id", "payer_id"),)

    id: UUID = Field(primary_key=True)
    payer_id: UUID
    family: bool
    """A family plan: who is on it is family."""
    source: str = Field(sa_type=Text)
    external_id: str | None = Field(default=None, sa_type=Text)
    opened_on: date
    closed_on: date | None = None
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)


class BirthdayRow(Base, table=True):
    """By which key the customers are found who have birthday on a day; nobody can read the day from it."""

    __tablename__ = "birthday"
    __table_args__ = (Index("ix_birthday_key", "key", "customer_id"),)

    customer_id: UUID = Field(primary_key=True)
    key: str = Field(sa_type=Text)


class AnniversarySweepRow(Base, table=True):
    """A day whose coming anniversaries are, or have been, told."""

    __tablename__ = "anniversary_sweep"

    day: date = Field(primary_key=True)
    planned_at: datetime = Field(sa_type=INSTANT)

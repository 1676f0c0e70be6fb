from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class CustomerRow(Base, table=True):
    """One customer as one source system knows it. What is sealed opens with the vault only."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("kind IN ('individual', 'household', 'enterprise')", name="kind"),
        CheckConstraint("status IN ('prospect', 'active', 'left')", name="status"),
        Index("ix_customer_created_at", "created_at", "id"),
        Index("ix_customer_external_id", "external_id", postgresql_where=text("external_id IS NOT NULL")),
        Index(
            "ix_customer_joined_day",
            text("(extract(month FROM joined_on) * 100 + extract(day FROM joined_on))"),
            postgresql_where=text("joined_on IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    external_id: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    joined_on: date | None = None
    left_on: date | None = None
    region: str | None = Field(default=None, sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    vip: bool = Field(sa_type=Boolean)
    care_flags: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    name_sealed: str | None = Field(default=None, sa_type=Text)
    birth_date_sealed: str | None = Field(default=None, sa_type=Text)
    address_sealed: str | None = Field(default=None, sa_type=Text)
    do_not_disturb: bool = Field(sa_type=Boolean)
    quiet_hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    more_quiet: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    accessibility: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    declared_devices: int
    attributes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    changed_at: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    """When facts became other than they were at first, by name."""
    created_at: datetime = Field(sa_type=INSTANT)
    updated_at: datetime = Field(sa_type=INSTANT)


class PersonRow(Base, table=True):
    """Which customers are one person. A customer without a row is a person alone; `identity` writes these rows."""

    __tablename__ = "person_member"
    __table_args__ = (Index("ix_person_member_person_id", "person_id"),)

    customer_id: UUID = Field(primary_key=True)
    person_id: UUID
    """The one of its customers that was known first."""
    place: int
    since: datetime = Field(sa_type=INSTANT)
    """Since when it is one person with the one that is before it; see `policy.kinship`."""


class IdentifierRow(Base, table=True):
    """A customer's phone number, e-mail address or identity number. Two customers may share one: a household has one
    landline."""

    __tablename__ = "identifier"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'email', 'identity_number')", name="kind"),
        Index("ix_identifier_blind_index", "blind_index"),
    )

    customer_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, sa_type=Text)
    blind_index: str = Field(sa_type=Text)
    sealed: str = Field(sa_type=Text)


class SubscriptionRow(Base, table=True):
    __tablename__ = "subscription"
    __table_args__ = (
        Index("ix_subscription_ended_on", "ended_on", postgresql_where=text("ended_on IS NOT NULL")),
    )

    customer_id: UUID = Field(primary_key=True)
    subscription_id: UUID = Field(primary_key=True)
    product: str = Field(sa_type=Text)
    plan: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    monthly_fee: Decimal | None = Field(default=None, sa_type=Numeric(12, 2))
    currency: str | None = Field(default=None, sa_type=Text)
    contract: str | None = Field(default=None, sa_type=Text)
    started_on: date | None = None
    ended_on: date | None = None


class DeviceRow(Base, table=True):
    __tablename__ = "device"
    __table_args__ = (
        Index(
            "ix_device_warranty_until", "warranty_until", postgresql_where=text("warranty_until IS NOT NULL")
        ),
    )

    customer_id: UUID = Field(primary_key=True)
    device_id: UUID = Field(primary_key=True)
    type: str = Field(sa_type=Text)
    brand: str | None = Field(default=None, sa_type=Text)
    model: str | None = Field(default=None, sa_type=Text)
    os: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    bought_on: date | None = None
    warranty_until: date | None = None
    serial_sealed: str | None = Field(default=None, sa_type=Text)
    updated_at: datetime = Field(sa_type=INSTANT)


class ConsentRow(Base, table=True):
    """One word of a customer, or the end of one by the clock. Rows are only ever added: what was said when, on what
    grounds, and who wrote it down. The same word of the same instant is the same row."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(
            "(channel <> 'any' AND purpose IN ('service', 'care', 'marketing')) OR"
            " (channel = 'any' AND purpose IN ('profiling', 'automated_decision', 'third_party'))",
            name="purpose",
        ),
        CheckConstraint("channel IN ('sms', 'email', 'push', 'call', 'wechat', 'any')", name="channel"),
        CheckConstraint("status IN ('granted', 'denied', 'withdrawn', 'expired')", name="status"),
        UniqueConstraint("entry_id"),
    )

    customer_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True, sa_type=Text)
    channel: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(primary_key=True, sa_type=INSTANT)
    status: str = Field(primary_key=True, sa_type=Text)
    entry_id: UUID
    said_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """Of the end of a yes: when that was said."""
    expires_at: datetime | None = Field(default=None, sa_type=INSTANT)
    legal_basis: str = Field(sa_type=Text)
    notice: str | None = Field(default=None, sa_type=Text)
    notice_version: int | None = None
    proof_kind: str | None = Field(default=None, sa_type=Text)
    proof_sealed: str | None = Field(default=None, sa_type=Text)
    source: str | None = Field(default=None, sa_type=Text)
    recorded_at: datetime = Field(sa_type=INSTANT)
    recorded_by: str = Field(sa_type=Text)


class BlockRow(Base, table=True):
    """A do-not-disturb of a customer, from when it was said until it ended."""

    __tablename__ = "do_not_disturb"
    __table_args__ = (
        CheckConstraint("channel IN ('sms', 'email', 'push', 'call', 'wechat')", name="channel"),
        Index("ix_do_not_disturb_open", "customer_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    channel: str | None = Field(default=None, sa_type=Text)
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    reason: str = Field(sa_type=Text)
    until: datetime | None = Field(default=None, sa_type=INSTANT)
    said_at: datetime = Field(sa_type=INSTANT)
    recorded_by: str = Field(sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_by: str | None = Field(default=None, sa_type=Text)


class ListedNumberRow(Base, table=True):
    """A phone number on a do-not-disturb register, whoever has it. It is known by its blind index only."""

    __tablename__ = "listed_number"
    __table_args__ = (
        Index("ix_listed_number_untold", "on_register", "blind_index", postgresql_where=text("NOT told")),
    )

    blind_index: str = Field(primary_key=True, sa_type=Text)
    on_register: str = Field(primary_key=True, sa_type=Text)
    listed_at: datetime = Field(sa_type=INSTANT)
    listed_by: str = Field(sa_type=Text)
    removed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    told: bool = Field(sa_type=Boolean)
    """Whether other services know of it, or of its end, for whoever has the number."""

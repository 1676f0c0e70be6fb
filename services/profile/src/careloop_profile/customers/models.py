from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Numeric, Text, text
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
    quiet_hours: dict[str, str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    declared_devices: int
    attributes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=INSTANT)
    updated_at: datetime = Field(sa_type=INSTANT)


class PersonRow(Base, table=True):
    """Which customers are one person. A customer without a row is a person alone; `identity` writes these rows."""

    __tablename__ = "person_member"
    __table_args__ = (Index("ix_person_member_person_id", "person_id"),)

    customer_id: UUID = Field(primary_key=True)
    person_id: UUID
    """The one of its customers that was known first."""
    since: datetime = Field(sa_type=INSTANT)


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
    """One word of a customer. Rows are only ever added: what was said when, and who wrote it down.
    The same word of the same instant is the same row."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("purpose IN ('service', 'care', 'marketing')", name="purpose"),
        CheckConstraint("channel IN ('sms', 'email', 'push', 'call', 'wechat')", name="channel"),
    )

    customer_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True, sa_type=Text)
    channel: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(primary_key=True, sa_type=INSTANT)
    granted: bool = Field(primary_key=True, sa_type=Boolean)
    recorded_at: datetime = Field(sa_type=INSTANT)
    recorded_by: str = Field(sa_type=Text)

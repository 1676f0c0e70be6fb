from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_scoring.database import Base

INSTANT = DateTime(timezone=True)


class Customer(Base, table=True):
    """The replica of profile's customer; contact data stays where it is."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_status", "status", "customer_id"),
        Index("ix_customer_withheld", "customer_id", postgresql_where=text("withheld IS NOT NULL")),
    )

    customer_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    withheld: str | None = Field(default=None, sa_type=Text)
    """What the customer refused, if it forbids a score: `automated_decision`, or `profiling`, which forbids learning too."""
    facts: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    updated_at: datetime = Field(sa_type=INSTANT)


class CustomerActivity(Base, table=True):
    """Counters over a customer's interactions; a row may come before the customer does."""

    __tablename__ = "customer_activity"

    customer_id: UUID = Field(primary_key=True)
    interactions: int = Field(sa_type=BigInteger)
    payments: int = Field(sa_type=BigInteger)
    amount: Decimal = Field(sa_type=Numeric(16, 2))
    complaints: int = Field(sa_type=BigInteger)
    last_at: datetime = Field(sa_type=INSTANT)
    last_paid_at: datetime | None = Field(default=None, sa_type=INSTANT)

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class CustomerRow(Base, table=True):
    """What profile last said about a customer. No personal data is among it."""

    __tablename__ = "customer"
    __table_args__ = (
        Index(
            "ix_customer_source_external_id",
            "source",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    version: int
    source: str = Field(sa_type=Text)
    external_id: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    vip: bool
    automated_decisions: bool
    """Whether machines alone may decide about them."""
    updated_at: datetime = Field(sa_type=INSTANT)

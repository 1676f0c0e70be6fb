from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, text
from sqlmodel import Field

from careloop_campaign.database import Base


class Complaint(Base, table=True):
    """The replica of a ticket that is not archived yet."""

    __tablename__ = "complaint"
    __table_args__ = (Index("ix_complaint_open", "customer_id", postgresql_where=text("closed_at IS NULL")),)

    ticket_id: UUID = Field(primary_key=True)
    customer_id: UUID | None = None
    number: str
    opened_at: datetime = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))

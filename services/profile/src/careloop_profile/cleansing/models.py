from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Double, Index, Text, text
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)


class IssueRow(Base, table=True):
    """One thing to say about one value of a customer. Its id follows from what it says, so saying it again adds nothing."""

    __tablename__ = "quality_issue"
    __table_args__ = (
        CheckConstraint("action IN ('auto', 'flag', 'manual')", name="action"),
        CheckConstraint("state IN ('open', 'applied', 'accepted', 'dismissed', 'outdated')", name="state"),
        Index("ix_quality_issue_customer_id", "customer_id"),
        Index("ix_quality_issue_noted_at", "noted_at", "id"),
        Index("ix_quality_issue_open", "source", "noted_at", "id", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    source: str = Field(sa_type=Text)
    field: str = Field(sa_type=Text)
    rule: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    confidence: float = Field(sa_type=Double)
    raw_sealed: str = Field(sa_type=Text)
    value_sealed: str | None = Field(default=None, sa_type=Text)
    suggestion_sealed: str | None = Field(default=None, sa_type=Text)
    state: str = Field(sa_type=Text)
    """`applied` is what was repaired at once, `outdated` what the field said before it was changed."""
    noted_at: datetime = Field(sa_type=INSTANT)
    noted_by: str = Field(sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=INSTANT)
    decided_by: str | None = Field(default=None, sa_type=Text)

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_campaign.care.policy import State
from careloop_campaign.database import Base

INSTANT = DateTime(timezone=True)


class CareTask(Base, table=True):
    """Somebody is to care for a customer. Of one reason, a customer never has two that are not completed."""

    __tablename__ = "care_task"
    __table_args__ = (
        Index(
            "uq_care_task_open",
            "customer_id",
            "reason",
            unique=True,
            postgresql_where=text("completed_at IS NULL"),
        ),
        Index("ix_care_task_customer", "customer_id", "opened_at"),
        Index("ix_care_task_newest", "opened_at", "task_id"),
    )

    task_id: UUID = Field(primary_key=True)
    customer_id: UUID
    reason: str
    state: str = State.OPEN
    queue: str
    assignee: str | None = None
    driver: str | None = None
    offer: dict[str, Any] = Field(sa_type=JSONB)
    origin: dict[str, Any] = Field(sa_type=JSONB)
    policy_version: int
    opened_at: datetime = Field(sa_type=INSTANT)
    due_at: datetime = Field(sa_type=INSTANT)
    overdue_at: datetime | None = Field(default=None, sa_type=INSTANT)
    escalated: bool = False
    outcome: str | None = None
    notes: str | None = None
    """Sealed: what people write about a call is about a person."""
    completed_at: datetime | None = Field(default=None, sa_type=INSTANT)
    completed_by: str | None = None

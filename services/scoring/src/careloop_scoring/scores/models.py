from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_scoring.database import Base

INSTANT = DateTime(timezone=True)
_RISKIEST = text("probability DESC")


class Score(Base, table=True):
    """The present verdict on an active customer, and what was last published of it."""

    __tablename__ = "score"
    __table_args__ = (
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),
        CheckConstraint("tier IN ('strategic', 'potential', 'mass', 'warning')", name="tier"),
        CheckConstraint("band IN ('low', 'medium', 'high')", name="band"),
        Index("ix_score_probability", _RISKIEST, "customer_id"),
        Index("ix_score_tier", "tier", _RISKIEST, "customer_id"),
        Index("ix_score_band", "band", _RISKIEST, "customer_id"),
        Index("ix_score_rfm_segment", "rfm_segment", _RISKIEST, "customer_id"),
    )

    customer_id: UUID = Field(primary_key=True)
    run_id: UUID
    model_version: str | None = Field(default=None, sa_type=Text)
    basis: str = Field(sa_type=Text)
    probability: float
    band: str = Field(sa_type=Text)
    tier: str = Field(sa_type=Text)
    rfm_segment: str | None = Field(default=None, sa_type=Text)
    rfm_basis: str | None = Field(default=None, sa_type=Text)
    rfm_recency: int | None = Field(default=None, sa_type=SmallInteger)
    rfm_frequency: int | None = Field(default=None, sa_type=SmallInteger)
    rfm_monetary: int | None = Field(default=None, sa_type=SmallInteger)
    driver: str | None = Field(default=None, sa_type=Text)
    reasons: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    cut_points: int
    as_of: datetime = Field(sa_type=INSTANT)
    scored_at: datetime = Field(sa_type=INSTANT)
    at_risk: bool = Field(sa_type=Boolean)
    warned: bool = Field(sa_type=Boolean)
    warned_at: datetime | None = Field(default=None, sa_type=INSTANT)
    published: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))

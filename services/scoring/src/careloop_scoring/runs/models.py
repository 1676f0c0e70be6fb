from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_scoring.database import Base

INSTANT = DateTime(timezone=True)


class ScoringRun(Base, table=True):
    """A run and how far it got; whoever works on it can go on from here."""

    __tablename__ = "scoring_run"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'completed', 'failed')", name="state"),
        CheckConstraint("phase IN ('training', 'cutting', 'scoring', 'done')", name="phase"),
        CheckConstraint("train IN ('auto', 'yes', 'no')", name="train"),
        Index("uq_scoring_run_queued", "state", unique=True, postgresql_where=text("state = 'queued'")),
        Index("ix_scoring_run_open", "id", postgresql_where=text("state IN ('queued', 'running')")),
    )

    id: UUID = Field(primary_key=True)
    state: str = Field(sa_type=Text)
    phase: str = Field(sa_type=Text)
    train: str = Field(sa_type=Text)
    raise_warnings: bool = Field(sa_type=Boolean)
    refresh_cut_points: bool = Field(sa_type=Boolean)
    as_of: datetime = Field(sa_type=INSTANT)
    requested_by: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=INSTANT)
    started_at: datetime | None = Field(default=None, sa_type=INSTANT)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)
    attempts: int = 0
    """How often the run was taken up; also the token by which a process that was overtaken is told."""
    stalled: int = 0
    """How often since it last got any further."""
    position: UUID | None = None
    model_id: UUID | None = None
    model_version: str | None = Field(default=None, sa_type=Text)
    basis: str | None = Field(default=None, sa_type=Text)
    cut_points: int | None = None
    counts: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    metrics: dict[str, float] = Field(sa_column=Column(JSONB, nullable=False))
    notes: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    error: str | None = Field(default=None, sa_type=Text)

    @property
    def progress(self) -> dict[str, int]:
        return {"done": self.counts.get("scored", 0), "total": self.counts.get("total", 0)}

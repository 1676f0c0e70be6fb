from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_profile.database import Base
from careloop_profile.reconciliation.policy import Phase, State

INSTANT = DateTime(timezone=True)


class RunRow(Base, table=True):
    """A run over all customers. One runs at a time, and of each night there is one.

    `cursor` is the last one that the phase, or the round of it, has passed: a run that is broken off goes on behind it.
    """

    __tablename__ = "linkage_run"
    __table_args__ = (
        CheckConstraint("cause IN ('night', 'request')", name="cause"),
        CheckConstraint("state IN ('running', 'done')", name="state"),
        CheckConstraint("phase IN ('customers', 'questions', 'persons')", name="phase"),
        Index("uq_linkage_run_running", "state", unique=True, postgresql_where=text("state = 'running'")),
        Index("uq_linkage_run_night", "night", unique=True),
    )

    id: UUID = Field(primary_key=True)
    cause: str = Field(sa_type=Text)
    night: date | None = None
    """The day of the operator on which it was due; none of one that somebody asked for."""
    state: str = Field(default=State.RUNNING.value, sa_type=Text)
    phase: str = Field(default=Phase.CUSTOMERS.value, sa_type=Text)
    round: int = 1
    cursor: UUID | None = None
    model_version: int
    """The model that was active last: each chunk takes the one that is active then."""
    customers: int
    """How many there were when it began."""
    found_online: int
    """Pairs that were joined or asked about before, as customers came or changed."""
    looked_at: int = 0
    merged: int = 0
    proposed: int = 0
    closed: int = 0
    bridges: int = 0
    split: int = 0
    skipped: int = 0
    started_at: datetime = Field(sa_type=INSTANT)
    started_by: str = Field(sa_type=Text)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)

    @property
    def missed(self) -> int:
        """Pairs that were joined or asked about by this run alone."""
        return self.merged + self.proposed

    @property
    def missed_share(self) -> float:
        """Of all pairs that either found."""
        return self.missed / (self.missed + self.found_online) if self.missed else 0.0


class FindingRow(Base, table=True):
    """What a run found about two customers; no personal data."""

    __tablename__ = "linkage_finding"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('merged', 'proposed', 'closed', 'bridge', 'split', 'skipped')", name="kind"
        ),
        Index("ix_linkage_finding_run_id", "run_id", "id"),
        Index("ix_linkage_finding_one", "one"),
        Index("ix_linkage_finding_other", "other"),
    )

    id: UUID = Field(primary_key=True)
    run_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("linkage_run.id"), nullable=False))
    kind: str = Field(sa_type=Text)
    round: int
    one: UUID
    other: UUID | None = None
    model_version: int
    probability: float | None = Field(default=None, sa_type=Double)
    subject_id: UUID | None = None
    """The merge, what undid it, or the question."""
    detail: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    at: datetime = Field(sa_type=INSTANT)

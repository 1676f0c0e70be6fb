from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Interval,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Relationship

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.ranks import Tier
from careloop_ticketing.sla.policy import clock as clocks
from careloop_ticketing.sla.policy.clock import Activity, Clock, State


class PolicyRow(Base, table=True):
    """One version of the SLA policy: written once, never changed. The highest version is the active one."""

    __tablename__ = "sla_policy"

    version: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    name: str = Field(sa_type=Text)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)


class IntervalRow(Base, table=True):
    """A span in which a clock ran or paused. These rows are the truth about time."""

    __tablename__ = "sla_interval"
    __table_args__ = (
        ForeignKeyConstraint(["subject_id", "clock"], ["sla_clock.subject_id", "sla_clock.name"]),
    )

    subject_id: UUID = Field(primary_key=True)
    clock: str = Field(primary_key=True, sa_type=Text)
    seq: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    activity: Activity = Field(sa_type=word(Activity))
    started_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    reason: str | None = Field(default=None, sa_type=Text)
    actor_id: str | None = Field(default=None, sa_type=Text)


class ClockRow(Base, table=True):
    """A clock of a subject. `state`, `due_at` and `breached_at` repeat what its intervals say, for queries."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        Index("ix_sla_clock_due_at", "due_at", postgresql_where=text("state = 'running'")),
        Index("ix_sla_clock_breached_at", "breached_at", postgresql_where=text("breached_at IS NOT NULL")),
    )

    subject_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=Text)
    policy_version: int
    tier: Tier = Field(sa_type=word(Tier))
    vip: bool
    target: timedelta = Field(sa_type=Interval)
    state: State = Field(sa_type=word(State))
    started_at: datetime = Field(sa_type=INSTANT)
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    breached_at: datetime | None = Field(default=None, sa_type=INSTANT)
    steps_taken: int = Field(default=0, sa_type=SmallInteger)
    generation: int = 0
    """Counts the changes; a timer of an earlier generation is stale."""

    intervals: list[IntervalRow] = Relationship(
        sa_relationship_kwargs={"lazy": "raise", "order_by": "IntervalRow.seq", "cascade": "all"}
    )

    @classmethod
    def started(cls, clock: Clock, **about: Any) -> Self:
        first = clock.intervals[0].started_at
        row = cls(target=clock.target, state=clock.state, started_at=first, **about)
        row.show(clock)
        return row

    def to_clock(self) -> Clock:
        intervals = (clocks.Interval(row.activity, row.started_at, row.ended_at) for row in self.intervals)
        return Clock(self.target, tuple(intervals), self.breached_at)

    def show(self, clock: Clock, *, reason: str | None = None, actor_id: str | None = None) -> None:
        """Store `clock`; what it gained since it was loaded happened for `reason`, by `actor_id`."""
        self.target, self.state, self.breached_at = clock.target, clock.state, clock.breached_at
        self.due_at = clocks.instant_of(clock, clock.target)
        for row, interval in zip(self.intervals, clock.intervals, strict=False):
            row.ended_at = interval.ended_at
        for seq, interval in enumerate(clock.intervals[len(self.intervals) :], len(self.intervals)):
            row = IntervalRow(
                subject_id=self.subject_id,
                clock=self.name,
                seq=seq,
                activity=interval.activity,
                started_at=interval.started_at,
                ended_at=interval.ended_at,
                reason=reason,
                actor_id=actor_id,
            )
            self.intervals.append(row)

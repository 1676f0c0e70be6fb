from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Interval, SmallInteger, Text, text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.documents import DocumentRow
from careloop_ticketing.sla.errors import PolicyNotFound
from careloop_ticketing.sla.policy.clock import Activity, State


class PolicyRow(DocumentRow, table=True):
    __tablename__ = "sla_policy"
    not_found = PolicyNotFound

    applied_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When clocks that ran under older versions were last told to follow it."""


class IntervalRow(Base, table=True):
    """A span in which a clock ran or paused. These rows are the truth about time."""

    __tablename__ = "sla_interval"
    __table_args__ = (
        ForeignKeyConstraint(
            ["subject_id", "clock", "instance"],
            ["sla_clock.subject_id", "sla_clock.name", "sla_clock.instance"],
        ),
    )

    subject_id: UUID = Field(primary_key=True)
    clock: str = Field(primary_key=True, sa_type=Text)
    instance: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    activity: Activity = Field(sa_type=word(Activity))
    started_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    actor_id: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    evidence: str | None = Field(default=None, sa_type=Text)
    approved_by: str | None = Field(default=None, sa_type=Text)


class ClockRow(Base, table=True):
    """A clock of a subject. `state`, `due_at`, `provisional` and `breached_at` repeat what its intervals say, for queries."""

    __tablename__ = "sla_clock"
    __table_args__ = (
        Index("ix_sla_clock_due_at", "due_at", postgresql_where=text("state = 'running'")),
        Index("ix_sla_clock_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("ix_sla_clock_breached_at", "breached_at", postgresql_where=text("breached_at IS NOT NULL")),
        Index(
            "ix_sla_clock_calendar",
            "calendar",
            "calendar_version",
            postgresql_where=text("state <> 'stopped'"),
        ),
        Index("ix_sla_clock_policy_version", "policy_version", postgresql_where=text("state <> 'stopped'")),
    )

    subject_id: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, sa_type=Text)
    instance: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    policy_version: int
    ladder: str = Field(sa_type=Text)
    calendar: str | None = Field(default=None, sa_type=Text)
    """None counts round the clock."""
    calendar_version: int | None = None
    target: timedelta = Field(sa_type=Interval)
    state: State = Field(sa_type=word(State))
    cancelled: bool = False
    lapsed: bool = False
    """Whether it was cancelled because the case is none of those that have it."""
    started_at: datetime = Field(sa_type=INSTANT)
    turned: bool = False
    """Whether it was ever paused or stopped; if not, it has run since it was started."""
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    provisional: bool = False
    """Whether the due time lies beyond the days for which the calendar is official."""
    breached_at: datetime | None = Field(default=None, sa_type=INSTANT)
    made_late_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When a change of terms made it late, if it was one."""
    steps: str = Field(default="", sa_type=Text)
    """The steps that were taken, on whatever ladder, and those of the present one that will not be; see `store`."""
    last_step_at: datetime | None = Field(default=None, sa_type=INSTANT)
    acknowledged: bool = False
    next_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When the next step of its ladder is due: there has to be a timer then."""
    generation: int
    """Counts the changes; a timer of an earlier generation is stale."""

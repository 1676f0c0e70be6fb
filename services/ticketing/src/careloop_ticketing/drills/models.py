from datetime import date, datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class DrillRow(Base, table=True):
    """A planned exercise of a team, and what it showed once it has taken place."""

    __tablename__ = "drill"
    __table_args__ = (
        CheckConstraint("(done_at IS NULL) = (findings IS NULL)", name="whole_report"),
        Index("ix_drill_team", "team", "id"),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    version: int = 1
    team: str = Field(sa_type=Text, foreign_key="team.code")
    scenario: str = Field(sa_type=Text)
    planned_at: datetime = Field(sa_type=INSTANT)
    participants: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)
    findings: str | None = Field(default=None, sa_type=Text)
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)


class MeasureRow(Base, table=True):
    """What somebody does about a finding."""

    __tablename__ = "drill_measure"
    __table_args__ = (
        Index("ix_drill_measure_due_on", "due_on", "id", postgresql_where=text("done_at IS NULL")),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    drill_id: UUID = Field(foreign_key="drill.id", index=True)
    what: str = Field(sa_type=Text)
    owner_id: str = Field(sa_type=Text, foreign_key="agent.id")
    due_on: date
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)
    done_by: str | None = Field(default=None, sa_type=Text)

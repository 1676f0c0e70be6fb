from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base


class MedalRow(Base, table=True):
    """What people are honoured for: by a rule over their month, or by hand where there is none."""

    __tablename__ = "medal"

    code: str = Field(primary_key=True, sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    rule: str | None = Field(default=None, sa_type=Text)
    active: bool
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)


class AwardRow(Base, table=True):
    """A medal of somebody for a month. One that was taken back stays, so that it is not awarded again."""

    __tablename__ = "medal_award"
    __table_args__ = (
        UniqueConstraint("medal", "agent_id", "month", name="uq_medal_award_medal"),
        Index("ix_medal_award_agent_id", "agent_id", "id"),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    medal: str = Field(sa_type=Text, foreign_key="medal.code")
    agent_id: str = Field(sa_type=Text, foreign_key="agent.id")
    month: str = Field(sa_type=Text)
    rule: str | None = Field(default=None, sa_type=Text)
    """The rule of the medal as it was then."""
    figures: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """What met it."""
    reason: str | None = Field(default=None, sa_type=Text)
    """Why somebody gave it by hand."""
    awarded_at: datetime = Field(sa_type=INSTANT)
    awarded_by: str = Field(sa_type=Text)
    taken_back_at: datetime | None = Field(default=None, sa_type=INSTANT)
    taken_back_by: str | None = Field(default=None, sa_type=Text)
    taken_back_because: str | None = Field(default=None, sa_type=Text)


class MedalMonthRow(Base, table=True):
    """A month whose medals were awarded when it ended."""

    __tablename__ = "medal_month"

    month: str = Field(primary_key=True, sa_type=Text)
    judged_at: datetime = Field(sa_type=INSTANT)
    awards: int

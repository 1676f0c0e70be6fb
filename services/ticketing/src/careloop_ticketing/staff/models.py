from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.staff.policy import Occupation, TeamKind
from careloop_ticketing.vocabulary import Level


class AgentRow(Base, table=True):
    """Somebody who is given tickets, under the id that their tokens carry. Their row is the lock on what they hold."""

    __tablename__ = "agent"

    id: str = Field(primary_key=True, sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    level: Level = Field(sa_type=word(Level))
    department: str = Field(sa_type=Text)
    languages: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    regions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    capacity: int = Field(sa_type=SmallInteger)
    calendar: str | None = Field(default=None, sa_type=Text)
    hands_over: bool
    active: bool
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)
    last_assigned_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When a ticket was last given to them, or taken by them."""


class CertificateRow(Base, table=True):
    """What somebody can do, and how well: 1 is the lowest of five certificates."""

    __tablename__ = "agent_certificate"
    __table_args__ = (CheckConstraint("certificate BETWEEN 1 AND 5", name="five_levels"),)

    agent_id: str = Field(primary_key=True, sa_type=Text, foreign_key="agent.id")
    skill: str = Field(primary_key=True, sa_type=Text, index=True)
    certificate: int = Field(sa_type=SmallInteger)
    valid_until: datetime | None = Field(default=None, sa_type=INSTANT)


class EarnedRow(Base, table=True):
    """A certificate that somebody earned, by a course say. It stands beside what they were given by hand."""

    __tablename__ = "agent_earned_certificate"
    __table_args__ = (CheckConstraint("certificate BETWEEN 1 AND 5", name="five_levels"),)

    source: UUID = Field(primary_key=True)
    """What they earned it by; it goes with that."""
    agent_id: str = Field(sa_type=Text, foreign_key="agent.id", index=True)
    skill: str = Field(sa_type=Text, index=True)
    certificate: int = Field(sa_type=SmallInteger)
    valid_until: datetime | None = Field(default=None, sa_type=INSTANT)


class ShiftRow(Base, table=True):
    """A span of somebody's time: a shift, or an absence."""

    __tablename__ = "agent_shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="lasts"),
        Index("ix_agent_shift_agent_id", "agent_id", "ends_at"),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    agent_id: str = Field(sa_type=Text, foreign_key="agent.id")
    kind: Occupation = Field(sa_type=word(Occupation))
    starts_at: datetime = Field(sa_type=INSTANT)
    ends_at: datetime = Field(sa_type=INSTANT)


class TeamRow(Base, table=True):
    """People who answer for the same tickets; a virtual team for one ticket, until it has ended."""

    __tablename__ = "team"
    __table_args__ = (
        Index(
            "uq_team_ticket_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("ticket_id IS NOT NULL AND ended_at IS NULL"),
        ),
    )

    code: str = Field(primary_key=True, sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    kind: TeamKind = Field(sa_type=word(TeamKind))
    lead_id: str | None = Field(default=None, sa_type=Text, foreign_key="agent.id")
    ticket_id: UUID | None = None
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)


class MemberRow(Base, table=True):
    __tablename__ = "team_member"

    team: str = Field(primary_key=True, sa_type=Text, foreign_key="team.code")
    agent_id: str = Field(primary_key=True, sa_type=Text, foreign_key="agent.id", index=True)

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.documents import DocumentRow
from careloop_ticketing.notices.errors import RosterNotFound
from careloop_ticketing.notices.policy.roster import Role
from careloop_ticketing.notices.policy.telling import Reason
from careloop_ticketing.vocabulary import Level

WAITS = "asks AND acknowledged_at IS NULL"


class DutyRosterRow(DocumentRow, table=True):
    __tablename__ = "duty_roster"
    not_found = RosterNotFound


class NoticeRow(Base, table=True):
    """What somebody was told about a ticket; the recipient is empty where nobody was there to be told."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("ticket_id", "recipient", "at"),
        # Unread ones first, and the newest of them.
        Index("ix_notice_recipient", "recipient", text("(read_at IS NOT NULL)"), "id"),
        Index("ix_notice_waiting", "recipient", "id", postgresql_where=text(WAITS)),
    )

    id: UUID = Field(primary_key=True)
    ticket_id: UUID
    number: str = Field(sa_type=Text)
    recipient: str = Field(sa_type=Text)
    role: Role = Field(sa_type=word(Role))
    reason: Reason = Field(sa_type=word(Reason))
    level: Level | None = Field(default=None, sa_type=word(Level))
    clock: str | None = Field(default=None, sa_type=Text)
    step: str | None = Field(default=None, sa_type=Text)
    also: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    asks: bool
    at: datetime = Field(sa_type=INSTANT)
    by: str = Field(sa_type=Text)
    read_at: datetime | None = Field(default=None, sa_type=INSTANT)
    acknowledged_at: datetime | None = Field(default=None, sa_type=INSTANT)
    acknowledged_by: str | None = Field(default=None, sa_type=Text)


class NoticeChoiceRow(Base, table=True):
    """What somebody wants to be told of the tickets that they watch, and how they want to be told anything."""

    __tablename__ = "notice_choice"

    agent_id: str = Field(primary_key=True, sa_type=Text)
    watched: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    changed_at: datetime = Field(sa_type=INSTANT)
    changed_by: str = Field(sa_type=Text)

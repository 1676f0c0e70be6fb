from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.tickets.policy import Outcome


class Progress(StrEnum):
    PENDING = "pending"
    RESOLVED = "resolved"
    SKIPPED = "skipped"


class IncidentRow(Base, table=True):
    """A ticket that stands for many, and how its children are to be resolved, once that is known."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "ix_incident_unfinished",
            "requested_at",
            postgresql_where=text("requested_at IS NOT NULL AND finished_at IS NULL"),
        ),
    )

    ticket_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    opened_at: datetime = Field(sa_type=INSTANT)
    outcome: Outcome | None = Field(default=None, sa_type=word(Outcome))
    note: str | None = Field(default=None, sa_type=Text)
    actor_id: str | None = Field(default=None, sa_type=Text)
    actor_kind: str | None = Field(default=None, sa_type=Text)
    requested_at: datetime | None = Field(default=None, sa_type=INSTANT)
    finished_at: datetime | None = Field(default=None, sa_type=INSTANT)


class IncidentChildRow(Base, table=True):
    """A child that is to be resolved with its incident, and what became of that."""

    __tablename__ = "incident_child"
    __table_args__ = (
        Index(
            "ix_incident_child_pending",
            "incident_id",
            "ticket_id",
            postgresql_where=text("progress = 'pending'"),
        ),
    )

    incident_id: UUID = Field(primary_key=True, foreign_key="incident.ticket_id")
    ticket_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    progress: Progress = Field(sa_type=word(Progress))
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)

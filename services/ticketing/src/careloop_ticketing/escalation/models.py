from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.sla.policy.ladder import Action
from careloop_ticketing.vocabulary import Level, Tier


class EscalationRow(Base, table=True):
    """A step of a ladder that was taken: when it was due, and when it was done."""

    __tablename__ = "escalation"
    __table_args__ = (
        Index("ix_escalation_ticket_id", "ticket_id", "id"),
        Index("ix_escalation_people", "people", postgresql_using="gin"),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    ticket_id: UUID
    clock: str = Field(sa_type=Text)
    policy_version: int
    step: str = Field(sa_type=Text)
    action: Action = Field(sa_type=word(Action))
    is_breach: bool
    told: str = Field(sa_type=Text)
    level: Level = Field(sa_type=word(Level))
    tier: Tier = Field(sa_type=word(Tier))
    notice: bool = True
    """Whether to tell the one concerned: not of a step that a later one, taken at the same instant, has overtaken."""
    people: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    """Ids of those who were told; none if nobody was there to be told."""
    team: str | None = Field(default=None, sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    due_at: datetime = Field(sa_type=INSTANT)
    escalated_at: datetime = Field(sa_type=INSTANT)

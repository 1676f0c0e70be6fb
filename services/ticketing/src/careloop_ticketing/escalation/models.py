from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Index, Text
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.sla.policy.ladder import Action
from careloop_ticketing.vocabulary import Level, Tier


class EscalationRow(Base, table=True):
    """A step of a ladder that was taken: when it was due, and when it was done."""

    __tablename__ = "escalation"
    __table_args__ = (Index("ix_escalation_ticket_id", "ticket_id", "id"),)

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
    due_at: datetime = Field(sa_type=INSTANT)
    escalated_at: datetime = Field(sa_type=INSTANT)

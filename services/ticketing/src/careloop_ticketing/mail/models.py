from datetime import datetime
from uuid import UUID

from careloop_common import ids
from sqlalchemy import Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.mail.policy.outcomes import Outcome


class InboundMailRow(Base, table=True):
    """What became of a message that came in. Of what it says there is nothing here; who wrote it is sealed."""

    __tablename__ = "inbound_mail"
    __table_args__ = (
        Index("ix_inbound_mail_message_index", "message_index"),
        Index("ix_inbound_mail_ticket_id", "ticket_id", "sender_index"),
        Index("ix_inbound_mail_sender_index", "sender_index", "taken_at"),
        Index("ix_inbound_mail_ignored", "taken_at", postgresql_where=text("ticket_id IS NULL")),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    key: str = Field(sa_type=Text, unique=True)
    """Blind index of what every delivery of the message has in common."""
    message_index: str | None = Field(default=None, sa_type=Text)
    """Blind index of its Message-ID."""
    ticket_id: UUID | None = Field(default=None, foreign_key="ticket.id")
    outcome: Outcome = Field(sa_type=word(Outcome))
    reason: str | None = Field(default=None, sa_type=Text)
    acknowledge: bool
    """Whether a machine may answer it."""
    sender_index: str | None = Field(default=None, sa_type=Text)
    sender: str | None = Field(default=None, sa_type=Text)
    """The address, sealed."""
    refused: list[dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))
    """Files that were not kept: what they are called, and the code of the problem."""
    received_at: datetime = Field(sa_type=INSTANT)
    taken_at: datetime = Field(sa_type=INSTANT)

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_campaign.contact.policy import Candidate, Channel, Purpose
from careloop_campaign.database import Base
from careloop_campaign.messages.policy import BY_MACHINES, State

INSTANT = DateTime(timezone=True)


class Message(Base, table=True):
    """One row of the send ledger: one decision to send, and all that became of it.

    `message_id` follows from customer, campaign, step and occurrence, so the primary key is what keeps it unique. There
    is no constraint across customers.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_planned", "rank", "planned_at", postgresql_where=text("state = 'planned'")),
        Index("ix_message_reserved", "rank", "planned_at", postgresql_where=text("state = 'reserved'")),
        Index("ix_message_lease", "lease_until", postgresql_where=text("state = 'submitting'")),
        Index("ix_message_slot", "customer_id", "slot_at", postgresql_where=text("slot_at IS NOT NULL")),
        Index("ix_message_newest", "planned_at", "message_id"),
        Index("ix_message_customer", "customer_id", "planned_at"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    customer_id: UUID = Field(primary_key=True)
    message_id: UUID = Field(primary_key=True)
    campaign: str
    step: str
    occurrence: str
    purpose: str
    rank: int
    template: str
    template_version: int | None = None
    language: str | None = None
    variant: str | None = None
    reference: str | None = None
    values: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    preferred_channel: str | None = None
    channel: str | None = None
    address: str | None = None
    immediate: bool = False
    state: str = State.PLANNED
    reason: str | None = None
    detail: str | None = None
    attempts: int = 0
    deferrals: int = 0
    possible_duplicate: bool = False
    provider_id: str | None = None
    planned_at: datetime = Field(sa_type=INSTANT)
    expires_at: datetime = Field(sa_type=INSTANT)
    deferred_until: datetime | None = Field(default=None, sa_type=INSTANT)
    slot_at: datetime | None = Field(default=None, sa_type=INSTANT)
    lease_until: datetime | None = Field(default=None, sa_type=INSTANT)
    settled_at: datetime | None = Field(default=None, sa_type=INSTANT)

    def to_candidate(self, channels: Iterable[Channel]) -> Candidate:
        return Candidate(
            purpose=Purpose(self.purpose),
            planned_at=self.planned_at,
            expires_at=self.expires_at,
            channels=self._channels(channels),
            immediate=self.immediate,
            automated=self.campaign in BY_MACHINES,
        )

    def _channels(self, known: Iterable[Channel]) -> tuple[Channel, ...]:
        """What it was reserved for, once it was; else the customer's channel and then the policy's."""
        if self.state == State.RESERVED and self.channel:
            return (Channel(self.channel),)
        preferred = [Channel(self.preferred_channel)] if self.preferred_channel in set(Channel) else []
        return tuple(dict.fromkeys([*preferred, *known]))

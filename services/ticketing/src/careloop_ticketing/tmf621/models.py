from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.tmf621.policy.circuits import Circuit, SubscriptionState
from careloop_ticketing.tmf621.policy.notifying import DeliveryState, EventType

_WAITING = text("state = 'waiting'")


class ExtensionRow(Base, table=True):
    """What a client wrote about a ticket that the ticket itself has no place for."""

    __tablename__ = "tmf621_extension"
    __table_args__ = (
        Index(
            "ix_tmf621_extension_kept",
            "kept",
            postgresql_using="gin",
            postgresql_ops={"kept": "jsonb_path_ops"},
        ),
    )

    ticket_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    kept: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """Attributes in the form of version 5."""
    notes: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """By the id of a ticket's note or file: what else the client said of it."""


class SpecificationRow(Base, table=True):
    """A kind of ticket as an integrator describes it."""

    __tablename__ = "tmf621_specification"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=INSTANT)
    updated_at: datetime = Field(sa_type=INSTANT)


class ChangeRow(Base, table=True):
    """A step in a ticket's life that subscribers have not been told of. A trigger on the history writes it."""

    __tablename__ = "tmf621_change"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    ticket_id: UUID
    seq: int


class SubscriptionRow(Base, table=True):
    """Where notifications go, in the form of which version."""

    __tablename__ = "tmf621_subscription"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    version: int = Field(sa_type=SmallInteger)
    callback: str = Field(sa_type=Text)
    query: str | None = Field(default=None, sa_type=Text)
    secret: str = Field(sa_type=Text)
    """Sealed; it signs what is sent."""
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=INSTANT)
    failures: int = 0
    """Attempts in a row that failed."""
    open_until: datetime | None = Field(default=None, sa_type=INSTANT)
    """Nothing is sent before: it has failed too often."""
    disabled_at: datetime | None = Field(default=None, sa_type=INSTANT)
    disabled_by: str | None = Field(default=None, sa_type=Text)

    @property
    def circuit(self) -> Circuit:
        return Circuit(self.failures, self.open_until)

    def state(self, now: datetime) -> SubscriptionState:
        return SubscriptionState.DISABLED if self.disabled_at else self.circuit.state(now)


class NotificationRow(Base, table=True):
    """What is told of one event in the form of one version, for all who want it."""

    __tablename__ = "tmf621_notification"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    event_id: UUID
    event_type: EventType = Field(sa_type=word(EventType))
    body: bytes = Field(sa_type=LargeBinary)
    """Sealed: it has free text in it."""
    created_at: datetime = Field(sa_type=INSTANT)


class DeliveryRow(Base, table=True):
    """One notification to one subscriber, and how far it got."""

    __tablename__ = "tmf621_delivery"
    __table_args__ = (
        Index(
            "ix_tmf621_delivery_waiting",
            "subscription_id",
            "ticket_id",
            "id",
            postgresql_where=_WAITING,
        ),
        Index("ix_tmf621_delivery_due", "subscription_id", "id", postgresql_where=_WAITING),
        Index("ix_tmf621_delivery_give_up_at", "give_up_at", postgresql_where=_WAITING),
        Index("ix_tmf621_delivery_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    subscription_id: UUID = Field(foreign_key="tmf621_subscription.id")
    ticket_id: UUID
    notification_id: UUID = Field(foreign_key="tmf621_notification.id", index=True)
    state: DeliveryState = Field(default=DeliveryState.WAITING, sa_type=word(DeliveryState))
    attempts: int = 0
    next_at: datetime = Field(sa_type=INSTANT)
    """While it is being sent, when others may think that whoever does so has died."""
    created_at: datetime = Field(sa_type=INSTANT)
    give_up_at: datetime = Field(sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    error: str | None = Field(default=None, sa_type=Text)

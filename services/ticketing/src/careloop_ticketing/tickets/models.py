from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common import ids
from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_ticketing.classification.policy import Cause, Emotion, Severity, Verdict
from careloop_ticketing.database import INSTANT, Base, word
from careloop_ticketing.tickets.chain import START
from careloop_ticketing.tickets.policy import LinkType, Outcome
from careloop_ticketing.vocabulary import Kind, Level, Milestone, Status, Tier

NUMBERS = Sequence("ticket_number", metadata=Base.metadata)

IN_LINE = "assignee_id IS NULL AND status IN ('classified', 'handling')"
"""Tickets that wait for somebody to take them."""
HELD = "assignee_id IS NOT NULL AND status IN ('classified', 'handling', 'waiting')"
LISTED = ("team", "product", "channel", "region", "kind", "cause", "tier", "severity", "emotion", "level")
_UNLINKED = text("linked_at IS NULL AND (customer_id IS NOT NULL OR customer_external_id IS NOT NULL)")


class TicketRow(Base, table=True):
    """A ticket as it is now. Its version is the number of its history entries."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("source", "external_ref"),
        Index("ix_ticket_customer_id", "customer_id", "id"),
        Index("ix_ticket_status", "status", "id"),
        Index("ix_ticket_assignee_id", "assignee_id", "id", postgresql_where=text("assignee_id IS NOT NULL")),
        Index("ix_ticket_opened_at", "opened_at"),
        Index("ix_ticket_line", "vip", "id", postgresql_where=text(IN_LINE)),
        Index("ix_ticket_held", "assignee_id", "status", postgresql_where=text(HELD)),
        Index("ix_ticket_overlooked", "id", postgresql_where=text("overlooked_at IS NOT NULL")),
        Index("ix_ticket_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        Index("ix_ticket_unlinked_customer_id", "customer_id", postgresql_where=_UNLINKED),
        Index(
            "ix_ticket_unlinked_reference",
            "customer_source",
            "customer_external_id",
            postgresql_where=_UNLINKED,
        ),
        Index(
            "ix_ticket_customer_reference",
            "customer_external_id",
            "customer_source",
            postgresql_where=text("customer_external_id IS NOT NULL"),
        ),
        Index("ix_ticket_subject", "subject", postgresql_using="hash"),
        # What lists are filtered by, in their order: a filter that few tickets pass reads this and none of the others.
        Index("ix_ticket_listed", "id", *LISTED),
        Index(
            "ix_ticket_rule_set",
            "rule_set",
            "status",
            "feedback_round",
            postgresql_where=text("rule_set IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    number: str = Field(sa_type=Text, unique=True)
    version: int = 0
    status: Status = Field(sa_type=word(Status))
    kind: Kind = Field(sa_type=word(Kind))
    channel: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    external_ref: str | None = Field(default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)

    customer_id: UUID | None = None
    customer_source: str | None = Field(default=None, sa_type=Text)
    customer_external_id: str | None = Field(default=None, sa_type=Text)
    linked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When the customer was found in the replica."""
    region: str | None = Field(default=None, sa_type=Text)
    vip: bool = False

    cause: Cause = Field(sa_type=word(Cause))
    tier: Tier = Field(sa_type=word(Tier))
    severity: Severity = Field(sa_type=word(Severity))
    product: str | None = Field(default=None, sa_type=Text)
    emotion: Emotion = Field(default=Emotion.CALM, sa_type=word(Emotion))
    classified_by: str = Field(sa_type=Text)
    rule_set: int | None = None
    rules: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))

    level: Level = Field(sa_type=word(Level))
    assignee_id: str | None = Field(default=None, sa_type=Text)
    team: str | None = Field(default=None, sa_type=Text)
    """Code of the team that is responsible."""
    team_pinned: bool = False
    """Whether a person chose the team: routing leaves it then."""
    released_by: str | None = Field(default=None, sa_type=Text)
    """Who gave it back into the line, and does not get it again from there."""
    policy_version: int

    opened_at: datetime = Field(sa_type=INSTANT)
    responded_at: datetime | None = Field(default=None, sa_type=INSTANT)
    resolved_at: datetime | None = Field(default=None, sa_type=INSTANT)
    archived_at: datetime | None = Field(default=None, sa_type=INSTANT)
    outcome: Outcome | None = Field(default=None, sa_type=word(Outcome))
    feedback_round: int = Field(default=0, sa_type=SmallInteger)
    """How often the ticket was resolved, and so the customer asked."""
    feedback_until: datetime | None = Field(default=None, sa_type=INSTANT)
    reopened_count: int = Field(default=0, sa_type=SmallInteger)
    dissatisfied: bool = False
    """Whether a dissatisfied answer reopened it: that happens once."""
    merged_into: UUID | None = Field(default=None, foreign_key="ticket.id")
    overlooked_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When the customer wrote what reached nobody before the ticket was resolved; until it is taken up again."""
    milestones: list[Milestone] = Field(sa_column=Column(ARRAY(word(Milestone)), nullable=False))
    watchers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    head: bytes = Field(default=START, sa_column=Column(LargeBinary, nullable=False))
    """The hash of the last history entry."""
    changed_at: datetime = Field(sa_type=INSTANT)
    """When that one was written."""

    @property
    def verdict(self) -> Verdict:
        return Verdict(
            cause=self.cause,
            tier=self.tier,
            severity=self.severity,
            product=self.product,
            emotion=self.emotion,
            by=self.classified_by,
            rule_set=self.rule_set,
            rules=tuple(self.rules),
        )

    def take(self, verdict: Verdict) -> None:
        """Be classified like this."""
        self.cause, self.tier, self.severity = verdict.cause, verdict.tier, verdict.severity
        self.product, self.emotion = verdict.product, verdict.emotion
        self.classified_by, self.rule_set, self.rules = verdict.by, verdict.rule_set, list(verdict.rules)


class HistoryRow(Base, table=True):
    """One step in the life of a ticket: who did what, and what it changed. Ids and words, never free text."""

    __tablename__ = "ticket_history"
    __table_args__ = (Index("ix_ticket_history_at", "at", postgresql_using="brin"),)

    ticket_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    fact: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=INSTANT)
    actor_id: str = Field(sa_type=Text)
    actor_kind: str = Field(sa_type=Text)
    before: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    after: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    key_id: str = Field(sa_type=Text)
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Of this entry and of the hash before it: `tickets.chain`."""


class NoteRow(Base, table=True):
    """What somebody wrote about a ticket. Free text lives here and nowhere else but in the ticket itself."""

    __tablename__ = "ticket_note"

    id: UUID = Field(default_factory=ids.new_id, primary_key=True)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    about: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    author_id: str = Field(sa_type=Text)
    written_at: datetime = Field(sa_type=INSTANT)


class LinkRow(Base, table=True):
    """What one ticket is to another: its duplicate, its child."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        CheckConstraint("from_id <> to_id", name="not_itself"),
        Index("ix_ticket_link_to_id", "to_id", "type"),
    )

    from_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    to_id: UUID = Field(primary_key=True, foreign_key="ticket.id")
    type: LinkType = Field(sa_column=Column(word(LinkType), primary_key=True))
    linked_at: datetime = Field(sa_type=INSTANT)
    linked_by: str = Field(sa_type=Text)

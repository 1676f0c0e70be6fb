from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from careloop_profile.database import Base

INSTANT = DateTime(timezone=True)
STATES = ("proposed", "filling", "active", "superseded", "retired")


class DefinitionRow(Base, table=True):
    """One version of a tag. What it says never changes, only its state; values are kept under its number, so that a new
    version is in force for everybody at once."""

    __tablename__ = "tag_definition"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("kind IN ('rule', 'aggregate', 'manual', 'import', 'score')", name="kind"),
        CheckConstraint("value_type IN ('bool', 'number', 'text')", name="value_type"),
        Index("uq_tag_definition_version", "code", "version", unique=True),
        Index("uq_tag_definition_active", "code", unique=True, postgresql_where=text("state = 'active'")),
        Index("uq_tag_definition_filling", "code", unique=True, postgresql_where=text("state = 'filling'")),
    )

    number: int = Field(default=None, sa_column=Column(Integer, Identity(), primary_key=True))
    code: str = Field(sa_type=Text)
    version: int
    name: str = Field(sa_type=Text)
    name_zh: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    category: str = Field(sa_type=Text)
    pack: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    value_type: str = Field(sa_type=Text)
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The rule, the cases, what is counted or which texts there are."""
    depends_on: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    owner: str = Field(sa_type=Text)
    sensitivity: str = Field(sa_type=Text)
    ttl_days: int | None = None
    """How long a value holds that somebody gave."""
    group: int = Field(sa_column=Column(SmallInteger, nullable=False))
    state: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=INSTANT)
    created_by: str = Field(sa_type=Text)
    published_at: datetime | None = Field(default=None, sa_type=INSTANT)
    published_by: str | None = Field(default=None, sa_type=Text)
    switched_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_at: datetime | None = Field(default=None, sa_type=INSTANT)
    ended_by: str | None = Field(default=None, sa_type=Text)
    replaces: int | None = None
    """The number of the version that was in force before."""
    history_from: int | None = Field(default=None, sa_type=BigInteger)
    """Up to which number there was history when it came into force, or when it was retired."""
    recorded_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """Since when everybody's history knows of that."""
    cursor: UUID | None = None
    """The last person of whom it is known, while it is filled, then while that is written down, and while what it left
    behind is taken away."""
    asked: int = 0
    """Persons that were asked while it was filled."""
    having: int = 0
    swept_at: datetime | None = Field(default=None, sa_type=INSTANT)


class FactRow(Base, table=True):
    """What is known of a person, in columns that rules are asked over: derived, and made anew from what sources say."""

    __tablename__ = "person_fact"
    __table_args__ = (
        Index("ix_person_fact_tell_at", "tell_at", postgresql_where=text("tell_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 80}},
    )

    person_id: UUID = Field(primary_key=True)
    kind: str | None = Field(default=None, sa_type=Text)
    status: str | None = Field(default=None, sa_type=Text)
    stage: str | None = Field(default=None, sa_type=Text)
    tier: str | None = Field(default=None, sa_type=Text)
    region: str | None = Field(default=None, sa_type=Text)
    language: str | None = Field(default=None, sa_type=Text)
    vip: bool | None = None
    do_not_disturb: bool | None = None
    age: int | None = None
    customers: int | None = None
    subscriptions: int | None = None
    ended_subscriptions: int | None = None
    monthly_fee: float | None = Field(default=None, sa_type=Double)
    devices: int | None = None
    known_at: datetime | None = Field(default=None, sa_type=INSTANT)
    joined_at: datetime | None = Field(default=None, sa_type=INSTANT)
    left_at: datetime | None = Field(default=None, sa_type=INSTANT)
    stage_since: datetime | None = Field(default=None, sa_type=INSTANT)
    contract_started_at: datetime | None = Field(default=None, sa_type=INSTANT)
    contract_ends_at: datetime | None = Field(default=None, sa_type=INSTANT)
    device_bought_at: datetime | None = Field(default=None, sa_type=INSTANT)
    warranty_ends_at: datetime | None = Field(default=None, sa_type=INSTANT)
    first_seen_at: datetime | None = Field(default=None, sa_type=INSTANT)
    last_seen_at: datetime | None = Field(default=None, sa_type=INSTANT)
    care_flags: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    accessibility: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    sources: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    identifiers: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    consents: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    refusals: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    products: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    plans: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    contracts: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    device_types: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    device_brands: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    device_systems: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    relations: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    channels: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    attributes: dict[str, Any] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    metrics: dict[str, float] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    lasts: dict[str, str] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    given: dict[str, Any] = Field(default={}, sa_column=Column(JSONB, nullable=False))
    evaluated_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """None for a row that was only just made."""
    counted_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When it was looked at last because something had happened."""
    due_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """When the timer rings that looks at the person again, if time alone can change something."""
    tell_at: datetime | None = Field(default=None, sa_type=INSTANT)
    """From when on it is told that counted numbers moved, if that was not told yet."""


class ValuesRow(Base, table=True):
    """The tags that a person has, of one group: by the number of the definition."""

    __tablename__ = "person_tag"
    __table_args__ = ({"postgresql_with": {"fillfactor": 80}},)

    person_id: UUID = Field(primary_key=True)
    group: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    held: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class HistoryRow(Base, table=True):
    """One change of one tag, with what brought it about."""

    __tablename__ = "tag_history"
    __table_args__ = (Index("ix_tag_history_person", "person_id", text("number DESC")),)

    number: int = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    person_id: UUID
    code: str = Field(sa_type=Text)
    version: int
    at: datetime = Field(sa_type=INSTANT)
    before: Any = Field(default=None, sa_column=Column(JSONB))
    after: Any = Field(default=None, sa_column=Column(JSONB))
    cause: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class GivenRow(Base, table=True):
    """A tag that somebody gave to a customer. It stays with the customer, whoever the person is."""

    __tablename__ = "tag_given"

    customer_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True, sa_type=Text)
    value: Any = Field(sa_column=Column(JSONB, nullable=False))
    source: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=INSTANT)
    by: str = Field(sa_type=Text)
    expires_at: datetime | None = Field(default=None, sa_type=INSTANT)


class WalkRow(Base, table=True):
    """How far everybody who was there before has been looked at, by what the walk is for."""

    __tablename__ = "tag_walk"

    name: str = Field(primary_key=True, sa_type=Text)
    cursor: UUID | None = None
    started_at: datetime = Field(sa_type=INSTANT)
    done_at: datetime | None = Field(default=None, sa_type=INSTANT)

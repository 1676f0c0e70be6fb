"""What profile publishes about customers."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from careloop_contracts.event import Event, Record, partition_of
from careloop_contracts.vocabulary import Channel, CustomerKind, CustomerStatus, Purpose, ValueTier


class Contact(Record):
    """Name and addresses, each a sealed token that only the vault opens."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class Consent(Record):
    """The latest word of the customer on one purpose and channel."""

    purpose: Purpose
    channel: Channel
    granted: bool
    at: datetime
    expires_at: datetime | None = None
    """From this instant on it is no consent any more, also for who has not been told yet."""


class QuietHours(Record):
    """The daily span, in the customer's own time zone, in which nothing may reach them."""

    start: time
    end: time
    timezone: str
    weekdays: tuple[int, ...] = ()
    """The days on which it begins, Monday being 1; none stands for every day."""


class Block(Record):
    """The customer wants to be left alone: on one channel or all, at some hours or always, for a while or for good."""

    channel: Channel | None = None
    hours: QuietHours | None = None
    until: datetime | None = None


class Subscription(Record):
    """A product the customer has or had."""

    subscription_id: UUID
    product: str
    plan: str | None = None
    status: str
    monthly_fee: Decimal | None = None
    currency: str | None = None
    contract: str | None = None
    started_on: date | None = None
    ended_on: date | None = None


class CustomerState(Record):
    """The whole customer after a change; a replica keeps the one of the highest `version`."""

    customer_id: UUID
    version: int
    kind: CustomerKind
    source: str
    external_id: str | None = None
    status: CustomerStatus
    joined_on: date | None = None
    left_on: date | None = None
    region: str | None = None
    language: str | None = None
    vip: bool = False
    care_flags: tuple[str, ...] = ()
    tier: ValueTier | None = None
    contact: Contact = Contact()
    consents: tuple[Consent, ...] = ()
    do_not_disturb: bool = False
    quiet_hours: QuietHours | None = None
    also_quiet: tuple[QuietHours, ...] = ()
    """Quiet hours that hold beside those: more of the customer's own, and those of the same person elsewhere."""
    blocks: tuple[Block, ...] = ()
    """Do-not-disturb of a narrower kind; what stops everything is also said by `do_not_disturb`."""
    accessibility: tuple[str, ...] = ()
    """How the customer wants to be spoken to: `plain_language`, `large_print`, `screen_reader`, …"""
    automated_decisions: bool = True
    """Whether machines alone may decide about the customer; if not, people do."""
    profiling: bool = True
    """Whether the customer may be assessed and models trained on them."""
    third_party: bool = False
    """Whether others may be given the customer's data."""
    subscriptions: tuple[Subscription, ...] = ()
    devices: int = 0
    attributes: dict[str, str | float | bool | None] = Field(default_factory=dict)


class CustomerRegisteredV1(
    CustomerState, Event, entity="customer", name="registered", version=1, key="customer_id"
):
    """A customer became known."""


class CustomerUpdatedV1(
    CustomerState, Event, entity="customer", name="updated", version=1, key="customer_id"
):
    """Something about a known customer changed."""


class CustomerErasedV1(Event, entity="customer", name="erased", version=1, key="customer_id"):
    """A customer is to be forgotten: whatever is kept of it is deleted, and what comes later about it is not kept. Who obeys
    says so by an event of its own."""

    customer_id: UUID
    request_id: UUID
    at: datetime


class ErasureDone(Record):
    """A service has nothing of a customer any more."""

    customer_id: UUID
    request_id: UUID
    at: datetime
    done: dict[str, int] = Field(default_factory=dict)
    """How much of what was deleted or emptied."""


class ExpiredConsent(Record):
    """A consent whose time was up."""

    purpose: str
    channel: str
    expired_at: datetime


class CustomerConsentExpiredV1(
    Event, entity="customer", name="consent_expired", version=1, key="customer_id"
):
    """Consents of a customer ended by the clock, not by their word. The state without them is published anew."""

    customer_id: UUID
    items: tuple[ExpiredConsent, ...] = Field(min_length=1)


class CustomerMergedV1(Event, entity="customer", name="merged", version=1, key="person_id"):
    """Customers were found to be one person. Their states are published anew, with what now binds them all."""

    person_id: UUID
    merge_id: UUID
    customers: tuple[UUID, ...] = Field(min_length=2)
    """All customers of the person, which it now is."""
    joined: tuple[tuple[UUID, ...], ...]
    """What it was made of, each with the customers that were one person before."""
    method: Literal["deterministic", "probabilistic", "manual"]
    at: datetime


class CustomerUnmergedV1(Event, entity="customer", name="unmerged", version=1, key="person_id"):
    """What was taken for one person is several. Their states are published anew."""

    person_id: UUID
    """The person that there was."""
    merge_id: UUID | None = None
    """The merge that was taken back, if it was one."""
    parts: tuple[tuple[UUID, ...], ...] = Field(min_length=2)
    """The persons that there are now, each with its customers; the first of each is its `person_id`."""
    at: datetime


class CustomerLinkageReconciledV1(
    Event, entity="customer", name="linkage_reconciled", version=1, key="run_id"
):
    """All customers were compared with those like them. Of whom that joined or parted, `merged` and `unmerged` tell."""

    run_id: UUID
    cause: Literal["night", "request"]
    night: date | None = None
    """The day of the operator on which it was due."""
    model_version: int
    looked_at: int
    """Customers."""
    merged: int
    proposed: int
    """Questions to people whether two persons are one."""
    closed: int
    """Questions that the model does not ask any more."""
    bridges: int
    """Questions to people whether one person is two."""
    split: int
    skipped: int
    found_online: int
    """Pairs that had been joined or asked about before, as customers came or changed."""
    missed_online: int
    """Pairs that were joined or asked about by this run alone."""
    started_at: datetime
    finished_at: datetime


class Activity(Record):
    """What one customer did within one batch of interactions."""

    customer_id: UUID
    interactions: int
    payments: int = 0
    amount: Decimal = Decimal(0)
    complaints: int = 0
    last_at: datetime


class CustomerActivityRecordedV1(
    Event, entity="customer", name="activity_recorded", version=1, key="items.0.customer_id"
):
    """A batch of interactions was stored: one event per batch and partition."""

    items: tuple[Activity, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_partition(self) -> Self:
        if len({partition_of(item.customer_id) for item in self.items}) > 1:
            raise ValueError("the customers of one event share a partition")
        return self


class CustomerAnniversaryApproachingV1(
    Event, entity="customer", name="anniversary_approaching", version=1, key="customer_id"
):
    """In some days it is so many years since the customer joined, or its birthday, or a contract or warranty ends."""

    customer_id: UUID
    person_id: UUID
    kind: Literal["joining", "birthday", "contract_end", "warranty_end"]
    on: date
    days: int
    """How many days there are until then."""
    subject_id: UUID
    """The subscription or the device; else the customer itself."""
    product: str | None = None
    """What of the customer ends: the product, or the type of the device."""
    years: int | None = None
    """Since the customer joined. How old somebody becomes is nobody's business."""


class TagChange(Record):
    """A tag that a person has now, has no more, or has with another value."""

    code: str
    version: int
    previous: bool | float | str | None = None
    current: bool | float | str | None = None


class CustomerTagsChangedV1(Event, entity="customer", name="tags_changed", version=1, key="person_id"):
    """Tags of a person became others: one event for all that one look at the person brought about. What a tag counts may have
    moved more than once since `previous`."""

    person_id: UUID
    items: tuple[TagChange, ...] = Field(min_length=1)
    cause: str
    """`interaction`, `customer`, `time`, `given`, `score`, `person`, `first_look` or `lifecycle`."""
    at: datetime


class CustomerTagSwitchedV1(Event, entity="customer", name="tag_switched", version=1, key="code"):
    """A version of a tag came into force for everybody at once. Nobody is told of it person by person."""

    code: str
    version: int
    previous_version: int | None = None
    """The version that it replaces; none of a tag that was not in force before."""
    name: str
    name_zh: str
    kind: Literal["rule", "aggregate", "manual", "import", "score"]
    value_type: Literal["bool", "number", "text"]
    values: tuple[str, ...] = ()
    """The texts that it may have, where they are known."""
    having: int
    """How many persons had it when they were asked."""
    by: str | None = None
    at: datetime


class CustomerTagRetiredV1(Event, entity="customer", name="tag_retired", version=1, key="code"):
    """Nobody has the tag any more. Nobody is told of it person by person."""

    code: str
    version: int
    """The version that was in force."""
    by: str | None = None
    at: datetime


class CustomerStageChangedV1(Event, entity="customer", name="stage_changed", version=1, key="person_id"):
    """A person moved on in its life with us."""

    person_id: UUID
    previous: str | None = None
    current: str
    because: str
    at: datetime


class CustomerTierChangedV1(Event, entity="customer", name="tier_changed", version=1, key="person_id"):
    """A person became worth more or less: S, A, B or C."""

    person_id: UUID
    previous: str | None = None
    current: str
    because: str
    at: datetime

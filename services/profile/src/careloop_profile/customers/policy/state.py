from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

CustomerKind = Literal["individual", "household", "enterprise"]
CustomerStatus = Literal["prospect", "active", "left"]
Purpose = Literal["service", "care", "marketing"]
Channel = Literal["sms", "email", "push", "call", "wechat"]
Use = Literal["profiling", "automated_decision", "third_party"]
"""What is done with data and not with a channel."""
LedgerPurpose = Purpose | Use
LedgerChannel = Channel | Literal["any"]
ConsentStatus = Literal["granted", "denied", "withdrawn", "expired"]
Attribute = str | float | bool | None

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
USES: tuple[Use, ...] = get_args(Use)
ANY: Literal["any"] = "any"
"""The channel of a word about a use."""
IDENTIFIERS = ("phone", "email", "identity_number")
"""Personal facts that customers are found by."""
SEALED_FACTS = ("name", "birth_date", "address")
"""Personal facts that are only read."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A phone number, an e-mail address or an identity number: sealed, and findable by its blind index."""

    index: str
    sealed: str


@dataclass(frozen=True, slots=True)
class QuietHours:
    start: time
    end: time
    timezone: str
    weekdays: tuple[int, ...] = ()
    """The days on which it begins, Monday being 1; none stands for every day."""


@dataclass(frozen=True, slots=True)
class Block:
    """Do-not-disturb: on one channel or all, at some hours or always, for a while or for good, and why."""

    reason: str
    channel: Channel | None = None
    hours: QuietHours | None = None
    until: datetime | None = None
    block_id: UUID | None = None
    """None for a number on a register."""

    @property
    def whole(self) -> bool:
        return self.channel is None and self.hours is None

    def open(self, at: datetime) -> bool:
        return self.until is None or at < self.until


@dataclass(frozen=True, slots=True)
class Subscription:
    subscription_id: UUID
    product: str
    plan: str | None = None
    status: str = "active"
    monthly_fee: Decimal | None = None
    currency: str | None = None
    contract: str | None = None
    started_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what grounds a word stands in the ledger."""

    legal_basis: str = "consent"
    notice: str | None = None
    notice_version: int | None = None
    proof_kind: str | None = None
    proof_sealed: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """One word: what the customer said about a purpose and channel, or that the time of their yes was up."""

    purpose: LedgerPurpose
    channel: LedgerChannel
    status: ConsentStatus
    at: datetime
    expires_at: datetime | None = None
    terms: Terms = field(default=Terms(), compare=False)
    said_at: datetime | None = None
    """Of a yes whose time was up when it had been said: what was said after that, however late we hear of it, is newer."""

    @property
    def about(self) -> tuple[str, str]:
        return self.purpose, self.channel

    @property
    def granted(self) -> bool:
        return self.status == "granted"

    @property
    def severity(self) -> int:
        """How much it restricts: a yes, a yes whose time was up, a no."""
        return {"granted": 0, "expired": 1}.get(self.status, 2)

    @property
    def place(self) -> tuple[datetime, int, str]:
        """The latest word counts, whatever order they arrive in; of two at one instant the one that refuses."""
        return self.said_at or self.at, self.severity, self.status

    def on(self, at: datetime) -> "Consent":
        """The word as it stands at an instant: a clock need not have been read for a yes to be over."""
        if not self.granted or self.expires_at is None or at < self.expires_at:
            return self
        return replace(self, status="expired", at=self.expires_at, expires_at=None, said_at=self.at)


@dataclass(frozen=True, slots=True)
class Customer:
    """The whole customer as it is now. Consents are the latest word per purpose and channel."""

    customer_id: UUID
    version: int
    kind: CustomerKind
    source: str
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    status: CustomerStatus = "active"
    joined_on: date | None = None
    left_on: date | None = None
    region: str | None = None
    language: str | None = None
    vip: bool = False
    care_flags: tuple[str, ...] = ()
    name: str | None = None
    phone: Identifier | None = None
    email: Identifier | None = None
    identity_number: Identifier | None = None
    birth_date: str | None = None
    address: str | None = None
    do_not_disturb: bool = False
    quiet_hours: QuietHours | None = None
    more_quiet: tuple[QuietHours, ...] = ()
    """Further spans of the customer's own."""
    blocks: tuple[Block, ...] = ()
    accessibility: tuple[str, ...] = ()
    declared_devices: int = 0
    registered_devices: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    consents: tuple[Consent, ...] = ()
    also_quiet: tuple[QuietHours, ...] = ()
    """The quiet hours of the same person as other sources know them; see `kinship`."""
    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    """When facts became other than they were at first; see `since`."""

    @property
    def undisturbed(self) -> bool:
        """Whether nothing may reach the customer at all."""
        return self.do_not_disturb or any(block.whole for block in self.blocks)

    def refuses(self, use: Use) -> bool:
        return any(word.purpose == use and word.severity == 2 for word in self.consents)

    def allows(self, use: Use) -> bool:
        return any(word.purpose == use and word.granted for word in self.consents)

    @property
    def devices(self) -> int:
        """Sources that count devices and sources that list them are both believed: the larger number holds."""
        return max(self.declared_devices, self.registered_devices)


def flat(record: Subscription | Consent | QuietHours | Block) -> dict[str, Any]:
    """The fields of a record of plain values. `dataclasses.asdict` copies each value deeply, at forty times the cost."""
    return {name: getattr(record, name) for name in record.__slots__}

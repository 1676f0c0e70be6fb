from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

CustomerKind = Literal["individual", "household", "enterprise"]
CustomerStatus = Literal["prospect", "active", "left"]
Purpose = Literal["service", "care", "marketing"]
Channel = Literal["sms", "email", "push", "call", "wechat"]
Attribute = str | float | bool | None

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
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
class Consent:
    purpose: Purpose
    channel: Channel
    granted: bool
    at: datetime

    @property
    def about(self) -> tuple[str, str]:
        return self.purpose, self.channel


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
    declared_devices: int = 0
    registered_devices: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    subscriptions: tuple[Subscription, ...] = ()
    consents: tuple[Consent, ...] = ()
    also_quiet: tuple[QuietHours, ...] = ()
    """The quiet hours of the same person as other sources know them; see `kinship`."""

    @property
    def devices(self) -> int:
        """Sources that count devices and sources that list them are both believed: the larger number holds."""
        return max(self.declared_devices, self.registered_devices)


def flat(record: Subscription | Consent | QuietHours) -> dict[str, Any]:
    """The fields of a record of plain values. `dataclasses.asdict` copies each value deeply, at forty times the cost."""
    return {name: getattr(record, name) for name in record.__slots__}

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from careloop_common.privacy import Vault
from careloop_common.schemas import View, WallTime
from careloop_common.tokens import Actor

from careloop_profile.customers.personal import Personal, anything, as_called
from careloop_profile.customers.policy import Customer
from careloop_profile.customers.policy.state import (
    ConsentStatus,
    CustomerKind,
    CustomerStatus,
    LedgerChannel,
    LedgerPurpose,
)

PERSONAL = "customers:personal"
"""The scope that unmasks."""


class ConsentView(View):
    purpose: LedgerPurpose
    channel: LedgerChannel
    granted: bool
    status: ConsentStatus
    at: datetime
    expires_at: datetime | None


class SubscriptionView(View):
    subscription_id: UUID
    product: str
    plan: str | None
    status: str
    monthly_fee: Decimal | None
    currency: str | None
    contract: str | None
    started_on: date | None
    ended_on: date | None


class DeviceView(View):
    device_id: UUID
    type: str
    brand: str | None
    model: str | None
    os: str | None
    status: str
    bought_on: date | None
    warranty_until: date | None
    updated_at: datetime


class QuietHoursView(View):
    start: WallTime
    end: WallTime
    timezone: str
    weekdays: list[int]


class CustomerView(View):
    """A customer; what is personal is masked unless the caller may see personal data."""

    customer_id: UUID
    version: int
    kind: CustomerKind
    source: str
    external_id: str | None
    status: CustomerStatus
    joined_on: date | None
    left_on: date | None
    region: str | None
    language: str | None
    vip: bool
    care_flags: list[str]
    name: str | None
    phone: str | None
    email: str | None
    identity_number: str | None
    birth_date: str | None
    address: str | None
    masked: bool
    do_not_disturb: bool
    quiet_hours: QuietHoursView | None
    more_quiet: list[QuietHoursView]
    accessibility: list[str]
    attributes: dict[str, str | float | bool | None]
    consents: list[ConsentView]
    subscriptions: list[SubscriptionView]
    devices: int
    created_at: datetime
    updated_at: datetime


def view(customer: Customer, vault: Vault, actor: Actor) -> CustomerView:
    """The customer as this actor may see it."""
    masked = not actor.may(PERSONAL)
    called = as_called(customer, masked=masked)
    shown = {name: getattr(called, name) for name in CustomerView.model_fields if hasattr(called, name)}
    shown |= Personal(vault).shown(customer, masked=masked)
    attributes = dict(customer.attributes)
    shown["attributes"] = anything(customer.customer_id, "attributes", attributes, masked=masked)
    return CustomerView.model_validate({**shown, "masked": masked})

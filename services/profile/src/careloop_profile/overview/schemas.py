from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from careloop_common.schemas import View
from pydantic import Field

from careloop_profile.customers.policy.state import (
    ConsentStatus,
    CustomerKind,
    CustomerStatus,
    LedgerChannel,
    LedgerPurpose,
)
from careloop_profile.customers.views import CustomerView, DeviceView, QuietHoursView, SubscriptionView
from careloop_profile.interactions.schemas import ActivityView, InteractionView


class ActivityTotals(View):
    interactions: int
    payments: int
    amount: str
    complaints: int
    last_at: datetime | None
    channels: list[ActivityView]


class ProfileView(View):
    """All that profile knows about a customer, on one page."""

    customer: CustomerView
    devices: list[DeviceView]
    activity: ActivityTotals
    last_interactions: list[InteractionView]


class MemberView(View):
    """One of the customers that the person is."""

    customer_id: UUID
    source: str
    external_id: str | None
    kind: CustomerKind
    status: CustomerStatus
    version: int


class HeldView(SubscriptionView):
    customer_id: UUID


class OwnedView(DeviceView):
    customer_id: UUID


class WordView(View):
    """What is in force about a purpose and channel."""

    purpose: LedgerPurpose
    channel: LedgerChannel
    status: ConsentStatus
    at: datetime
    expires_at: datetime | None


class TouchView(InteractionView):
    """An interaction, with the customer of the person whose it is."""

    customer_id: UUID


class OriginView(View):
    """Where a value comes from: the customer and its source, if it is one customer's, since when it is so, and why."""

    customer_id: UUID | None
    source: str | None
    since: datetime | date | None
    why: str


class OverviewView(View):
    """A person on one page, over all sources."""

    person_id: UUID
    customers: list[MemberView]
    masked: bool
    facts: dict[str, str | float | bool | date | Decimal | QuietHoursView | None] = Field(
        description="What is believed of the person: the golden record."
    )
    subscriptions: list[HeldView]
    devices: list[OwnedView]
    consents: list[WordView]
    activity: ActivityTotals
    last_interactions: list[TouchView]
    explained: dict[str, OriginView] | None = Field(
        description="With `explain`: the origin of each value, by its JSON Pointer in this document."
    )


class StepView(View):
    channel: str | None
    kind: str | None


class PathView(View):
    """A way to the outcome; one without steps stands for outcomes before which there was nothing."""

    steps: list[StepView]
    outcomes: int
    share: float
    hours: float | None = Field(description="From the first step to the outcome, at the median.")


class PathsView(View):
    since: datetime = Field(description="What was before this was not looked at.")
    until: datetime
    outcomes: int = Field(description="How many outcomes were looked at, the newest.")
    complete: bool = Field(description="Whether these are all of the time asked for.")
    items: list[PathView]


class SignalView(View):
    """What shows that somebody is dissatisfied."""

    interaction_id: UUID
    customer_id: UUID
    occurred_at: datetime
    channel: str
    kind: Literal["complaint", "survey"]


class ContactView(View):
    interaction_id: UUID
    customer_id: UUID
    occurred_at: datetime
    channel: str
    kind: str
    direction: str | None


class UnhappyView(View):
    person_id: UUID
    signal: SignalView
    contacts: list[ContactView] = Field(description="The newest first, across all channels and customers.")


def totals(channels: Any) -> dict[str, Any]:
    """Counters over all channels."""
    return {
        "interactions": sum(row.interactions for row in channels),
        "payments": sum(row.payments for row in channels),
        "amount": str(sum((row.amount for row in channels), Decimal(0))),
        "complaints": sum(row.complaints for row in channels),
        "last_at": max((row.last_at for row in channels), default=None),
        "channels": channels,
    }

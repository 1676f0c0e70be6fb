import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from careloop_common import ids, zones
from careloop_common.schemas import Body, Instant, WallTime
from pydantic import (
    AfterValidator,
    Field,
    FiniteFloat,
    StrictBool,
    StringConstraints,
    model_validator,
)

from careloop_profile.customers import policy
from careloop_profile.customers.policy.state import Channel, CustomerKind, CustomerStatus, Purpose

_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]*")


def printable(value: str) -> str:
    """One line: control characters would break files and screens, and PostgreSQL takes no NUL."""
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("control characters are not allowed")
    return value


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]
"""One line of text."""
Term = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(printable)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
AttributeText = Annotated[str, StringConstraints(max_length=1000), AfterValidator(printable)]
AttributeValue = StrictBool | FiniteFloat | AttributeText | None
Weekday = Annotated[int, Field(ge=1, le=7)]
Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class QuietHours(Body):
    """The span of the day in which nothing may reach the customer; it may span midnight."""

    start: WallTime
    end: WallTime
    timezone: str = Field(default="Asia/Shanghai", max_length=64, examples=["Asia/Shanghai"])
    weekdays: list[Weekday] = Field(
        default=[],
        max_length=7,
        description="Days on which it begins, Monday being 1; none stands for every day.",
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        try:
            zones.zone(self.timezone)
        except ValueError as error:
            raise ValueError("timezone is not in the time zone database") from error
        return self

    def held(self) -> policy.QuietHours:
        return policy.QuietHours(self.start, self.end, self.timezone, tuple(sorted(set(self.weekdays))))


class ConsentWord(Body):
    """What the customer said about one purpose and channel; without `at`, now."""

    purpose: Purpose
    channel: Channel
    granted: StrictBool
    at: Instant | None = None

    def word(self, now: datetime) -> policy.Consent:
        """A word dated in the future would outweigh every later one, so it counts as said now."""
        return policy.Consent(
            self.purpose, self.channel, "granted" if self.granted else "denied", min(self.at or now, now)
        )


class SubscriptionFacts(Body):
    product: Term
    plan: Term | None = None
    status: Code = "active"
    monthly_fee: Money | None = None
    currency: Currency | None = None
    contract: Term | None = None
    started_on: date | None = None
    ended_on: date | None = None

    def held(self, subscription_id: UUID) -> policy.Subscription:
        return policy.Subscription(**{**dict(self), "subscription_id": subscription_id})


class NewSubscription(SubscriptionFacts):
    subscription_id: UUID | None = None


class DeviceFacts(Body):
    type: Code = Field(examples=["phone"])
    brand: Line | None = None
    model: Line | None = None
    os: Line | None = None
    status: Code = "active"
    bought_on: date | None = None
    warranty_until: date | None = None
    serial: Line | None = Field(default=None, description="Serial number or IMEI; stored sealed.")


class CustomerFacts(Body):
    """What both registering and revising may state."""

    kind: CustomerKind = "individual"
    status: CustomerStatus = "active"
    joined_on: date | None = None
    left_on: date | None = None
    region: Line | None = None
    language: Language | None = None
    vip: StrictBool = False
    care_flags: list[Code] = Field(default=[], max_length=20)
    name: Line | None = None
    phone: Line | None = Field(default=None, examples=["138 0123 4567"])
    email: Line | None = None
    identity_number: Line | None = Field(
        default=None, description="Chinese resident identity number, of 18 or the old 15 digits."
    )
    birth_date: Line | None = Field(default=None, examples=["1990-01-05", "1990年1月5日"])
    address: Line | None = None
    do_not_disturb: StrictBool = False
    quiet_hours: QuietHours | None = None
    attributes: dict[AttributeName, AttributeValue] = Field(default={}, max_length=100)

    def facts(self) -> dict[str, Any]:
        """What the client really sent, as fields of a customer."""
        sent = {name: getattr(self, name) for name in self.model_fields_set & set(CustomerFacts.model_fields)}
        if "care_flags" in sent:
            sent["care_flags"] = tuple(dict.fromkeys(sent["care_flags"]))
        if quiet := sent.get("quiet_hours"):
            sent["quiet_hours"] = quiet.held()
        return sent


class RegisterCustomer(CustomerFacts):
    source: Code = Field(default="careloop", description="The system that the customer comes from.")
    external_id: Line | None = Field(default=None, description="The customer's key in `source`.")
    consents: list[ConsentWord] = Field(default=[], max_length=100)
    subscriptions: list[NewSubscription] = Field(default=[], max_length=100)

    def held(self) -> tuple[policy.Subscription, ...]:
        return tuple(item.held(item.subscription_id or ids.new_id()) for item in self.subscriptions)


class ReviseCustomer(CustomerFacts):
    """A merge patch: members left out stay as they are, null empties those that may be empty."""

"""What a retention warning asks for: which offer answers which driver, who calls, and whether it is a new episode."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

RETENTION = "churn_warning"
KEY_ACCOUNT_TIERS = frozenset({"strategic"})
MESSAGE_PATIENCE = timedelta(days=3)
"""How long after the warning its message still makes sense."""


class Driver(StrEnum):
    """What drives the customer away."""

    PRICE = "price"
    EXPERIENCE = "experience"
    NEED = "need"


class Outcome(StrEnum):
    REACHED_RETAINED = "reached_retained"
    REACHED_LOST = "reached_lost"
    UNREACHABLE = "unreachable"
    DECLINED = "declined"
    WRONG_NUMBER = "wrong_number"


class State(StrEnum):
    OPEN = "open"
    ASSIGNED = "assigned"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class ChurnWarning:
    """A customer who is about to leave."""

    customer_id: UUID
    raised_at: datetime
    driver: str | None = None
    tier: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offer:
    kind: str
    adviser: bool = False


OFFERS = {
    Driver.PRICE: Offer("discount"),
    Driver.EXPERIENCE: Offer("upgrade_voucher", adviser=True),
    Driver.NEED: Offer("new_bundle"),
}
NO_OFFER = Offer("personal_consultation", adviser=True)


def offer_for(driver: str | None) -> Offer:
    """The suggested offer; for a driver that is not known, an adviser and no promise."""
    return OFFERS[Driver(driver)] if driver in set(Driver) else NO_OFFER


def queue_for(tier: str | None, *, vip: bool) -> str:
    return "key_accounts" if vip or tier in KEY_ACCOUNT_TIERS else "retention"


def same_episode(completed_at: datetime, raised_at: datetime, gap: timedelta) -> bool:
    """Whether a warning still belongs to the episode whose task was completed at that time."""
    return raised_at < completed_at + gap


def whole_hours(span: timedelta) -> int:
    """A span as customers are told it: never less than an hour."""
    return max(1, round(span / timedelta(hours=1)))

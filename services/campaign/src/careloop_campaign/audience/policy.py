"""What the replica says about a customer, and how a text should be worded for them."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

LARGE_PRINT_FLAGS = frozenset({"elderly", "large_font", "plain_language", "low_vision", "accessibility"})


class Variant(StrEnum):
    STANDARD = "standard"
    PLAIN_LARGE = "plain_large"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    purpose: str
    channel: str
    granted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class QuietPreference:
    start: time
    end: time
    timezone: str


@dataclass(frozen=True, slots=True)
class Member:
    """One customer as this service knows them. Name and addresses are sealed."""

    customer_id: UUID
    status: str
    language: str | None
    vip: bool
    tier: str | None
    care_flags: frozenset[str]
    name: str | None
    phone: str | None
    email: str | None
    do_not_disturb: bool
    quiet_hours: QuietPreference | None
    also_quiet: tuple[QuietPreference, ...]
    """Those of the same person as other sources know them."""
    consents: tuple[ConsentRecord, ...]

    @property
    def variant(self) -> Variant:
        return Variant.PLAIN_LARGE if self.care_flags & LARGE_PRINT_FLAGS else Variant.STANDARD


def language(tag: str | None, known: frozenset[str], default: str) -> str:
    """The language to write in: the customer's own where there is a text in it (`zh-Hans-CN` reads `zh`)."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in known else default

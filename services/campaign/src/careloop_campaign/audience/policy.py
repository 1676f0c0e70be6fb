"""What the replica says about a customer, and how a text should be worded for them."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

LARGE_PRINT_FLAGS = frozenset({"elderly", "large_font", "plain_language", "low_vision", "accessibility"})
LARGE_PRINT_WISHES = frozenset({"plain_language", "large_print"})
"""What customers ask for themselves."""


class Variant(StrEnum):
    STANDARD = "standard"
    PLAIN_LARGE = "plain_large"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    purpose: str
    channel: str
    granted: bool
    at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuietPreference:
    start: time
    end: time
    timezone: str
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockRecord:
    channel: str | None
    hours: QuietPreference | None
    until: datetime | None


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
    blocks: tuple[BlockRecord, ...] = ()
    accessibility: frozenset[str] = frozenset()
    automated_decisions: bool = True
    """Whether machines alone may decide about them."""

    @property
    def variant(self) -> Variant:
        asked = self.care_flags & LARGE_PRINT_FLAGS or self.accessibility & LARGE_PRINT_WISHES
        return Variant.PLAIN_LARGE if asked else Variant.STANDARD


def language(tag: str | None, known: frozenset[str], default: str) -> str:
    """The language to write in: the customer's own where there is a text in it (`zh-Hans-CN` reads `zh`)."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in known else default

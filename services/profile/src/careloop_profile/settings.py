from typing import Literal

from careloop_common import zones
from careloop_common.settings import ServiceSettings, settings_config
from pydantic import Field, field_validator

from careloop_profile.parties.policy.anniversaries import Anniversary


class Settings(ServiceSettings):
    """What profile needs beyond every service's settings."""

    model_config = settings_config("PROFILE_")

    body_bytes: int = (8 << 20) + (64 << 10)
    """A part of an import may have 8 MiB."""
    source_ranks: dict[str, int] = Field(default_factory=dict)
    """How far sources are trusted where they differ, the most trusted lowest: `{"crm": 1, "bss": 2}`."""
    phone_region: str = "CN"
    """Numbering plan that reads phone numbers without a country code."""
    interaction_days: int = Field(default=0, ge=0)
    """Days that interactions stay in the database before they become files, and that those of nobody known wait for their
    customer before they are deleted; 0 is for ever. Messages that claim to be older than this, or than 400 days, are taken to
    have happened when they came."""
    archive_directory: str = "archive"
    """Where those files are written."""
    dead_letter_days: int = Field(default=90, ge=1)
    """How long refused messages are kept, to be replayed."""
    intake_flush_seconds: float = 0.02
    """Longest that a single interaction waits for company in its envelope."""
    intake_window: int = 64
    """Envelopes in flight to the broker at a time; more callers wait, then are told to come back."""
    timezone: str = "Asia/Shanghai"
    """Where a day begins: of relations, birthdays, ages, anniversaries, of days since a date and of months in which tiers are
    measured, and of who left. What happened is counted by days of UTC."""
    anniversary_hour: int = Field(default=8, ge=0, le=23)
    """When a day's coming anniversaries are told of."""
    anniversary_days: dict[Anniversary, int] = Field(
        default_factory=lambda: dict(zip(Anniversary, (7, 3, 30, 30), strict=True))
    )
    """How many days before; of kinds that are left out nobody is told."""
    minors_under: int = 14
    """Who is younger needs a guardian."""
    household_most: int = 10
    """Customers that may have one phone number or e-mail address and be family; more are a shop or a mistake."""
    linkage_run_hour: int = Field(default=2, ge=0, le=24)
    """When all customers are compared by the linkage model each night; 24 is never. A night that missed it by six hours is left
    out."""
    linkage_run_share: float = Field(default=0.2, gt=0, le=1)
    """How much of its time a worker may give to that."""
    weak_bridges: Literal["propose", "split"] = "propose"
    """What becomes of a person whom nothing holds together but what a linkage model said once and would not say now: people
    are asked, or it is taken apart."""
    left_days: int = Field(default=0, ge=0)
    """Days after which customers who left are forgotten, as if they had asked for it; 0 is never."""
    archive_days: int = Field(default=0, ge=0)
    """Days for which files of interactions are kept, counted from their last day; 0 is for ever."""
    history_days: int = Field(default=0, ge=0)
    """Days for which changes of tags, stages and tiers are kept. The last of each stays, and the one that says what held when
    these days began; 0 is for ever."""
    erasure_services: tuple[str, ...] = ("campaign", "scoring", "ticketing")
    """The services that must have obeyed before an erasure is complete: those that run beside this one."""
    strategic_products: int = 3
    """From so many ecosystem products on a customer is strategic."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zones.zone(value)
        return value

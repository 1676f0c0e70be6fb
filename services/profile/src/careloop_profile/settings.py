from careloop_common.settings import ServiceSettings, settings_config
from pydantic import Field


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
    """Days that interactions stay in the database before they become files; 0 is for ever. Messages that claim to be older
    than this, or than 400 days, are taken to have happened when they came."""
    archive_directory: str = "archive"
    """Where those files are written."""
    dead_letter_days: int = Field(default=90, ge=1)
    """How long refused messages are kept, to be replayed."""
    intake_flush_seconds: float = 0.02
    """Longest that a single interaction waits for company in its envelope."""
    intake_window: int = 64
    """Envelopes in flight to the broker at a time; more callers wait, then are told to come back."""

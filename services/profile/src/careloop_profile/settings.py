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
    intake_flush_seconds: float = 0.02
    """Longest that a single interaction waits for company in its envelope."""
    intake_window: int = 64
    """Envelopes in flight to the broker at a time; more callers wait, then are told to come back."""

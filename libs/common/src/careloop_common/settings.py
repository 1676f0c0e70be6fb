"""Settings that every service has. A service adds its own in one subclass; nothing is read on import."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _text_or_file(value: object) -> object:
    """Secrets come as text or as `file:/path`, the form that container secrets take."""
    if isinstance(value, str) and value.startswith("file:"):
        return Path(value.removeprefix("file:")).read_text().strip()
    return value


Secret = Annotated[SecretStr, BeforeValidator(_text_or_file)]
Text = Annotated[str, BeforeValidator(_text_or_file)]


def settings_config(prefix: str) -> SettingsConfigDict:
    """Configuration of a settings class whose variables start with `prefix` (`TICKETING_`)."""
    return SettingsConfigDict(env_prefix=prefix, extra="forbid", frozen=True)


class ServiceSettings(BaseSettings):
    """What every process needs to know."""

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: Secret
    """PostgreSQL, `postgresql://user:password@host:port/database`."""
    database_pool: int = 10
    nats_url: str = "nats://127.0.0.1:4222"
    nats_replicas: int = 1
    internal_public_key: Text
    """PEM of the Ed25519 key that checks the gateway's internal tokens."""
    data_keys: Secret
    """Key ring for personal data: `id:base64(32 bytes)`, comma separated; the first one seals, all open."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = None
    """OTLP/HTTP collector for traces; none means that traces stay in the logs only."""
    request_seconds: float = 30.0
    """Longest that one request may take; the gateway's `x-request-timeout` shortens it."""
    body_bytes: int = 1 << 20
    """Largest body of a route that states no other limit."""
    head_seconds: float = Field(default=10.0, gt=0)
    """Longest that the head of a request may take, from the opening of the connection or its first byte on."""
    connections: int = Field(default=2048, ge=1)
    """Connections that are held at a time, of at most a third of the files that the process may open. One too many ends the
    one that waits longest for its client; when all have work under way, it is answered 503."""
    background: Literal["here", "apart"] = "here"
    """Where jobs run that nobody waits for (bulk jobs, recalculations, clearing away): in the worker, or apart from it in
    processes of the command `background`, of which there has to be one."""
    relay_poll_seconds: float = 0.25
    relay_groups: int = 1
    consumer_batch: int = 500
    timer_batch: int = 500
    sent_hours: int = 24
    """How long published events stay re-sendable."""
    inbox_days: int = 15
    """How long event ids are remembered; longer than any stream keeps messages."""
    idempotency_hours: int = 24

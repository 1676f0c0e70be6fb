from typing import Annotated

from careloop_common.settings import Secret, ServiceSettings, settings_config
from pydantic import BeforeValidator, IPvAnyNetwork
from pydantic_settings import NoDecode


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Settings(ServiceSettings):
    model_config = settings_config("GATEWAY_")

    port: int = 8080
    internal_private_key: Secret
    """PEM of the Ed25519 key that signs internal tokens."""
    admin_key: Secret | None = None
    """An API key `clk_<id>_<secret>` that may do everything: the one by which the first others are made."""

    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Networks of the proxies in front, comma separated (`10.0.0.0/8,fd00::/8`): only what they say in X-Forwarded-For
    and X-Forwarded-Proto is believed. From everybody else it is ignored."""

    collect_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ("*",)
    """Origins of the pages that may send messages from a browser, comma separated (`https://shop.example`); `*` is all.
    They need an API key all the same, and nothing else is open to them."""

    profile_url: str = "http://127.0.0.1:8001"
    ticketing_url: str = "http://127.0.0.1:8002"
    campaign_url: str = "http://127.0.0.1:8003"
    scoring_url: str = "http://127.0.0.1:8004"

    jwt_issuer: str | None = None
    """Issuer of the access tokens that are accepted beside API keys; without it there are only API keys."""
    jwt_audience: str = "careloop"
    jwks_url: str | None = None
    """Where the issuer publishes its keys."""
    jwks_file: str | None = None
    """The same as a file, for an issuer that cannot be reached."""

    read_per_second: float = 500
    """Reads that one caller may make; the other limits are per caller and second too, with a burst of two seconds."""
    write_per_second: float = 200
    ingest_per_second: float = 500
    admin_per_second: float = 20
    public_per_second: float = 20
    """Calls of routes that need no credentials, per address."""
    refused_per_second: float = 5
    """Calls with bad credentials, per address."""

    upstream_concurrency: int = 256
    """Requests under way to one service at a time; more are shed."""
    connect_seconds: float = 1.0
    view_seconds: float = 0.9
    """How long the composed customer view waits for a service before it marks its part as missing."""

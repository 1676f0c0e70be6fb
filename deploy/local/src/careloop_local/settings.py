"""Settings of the local platform: the environment variables `CARELOOP_…`."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from careloop_common.settings import Secret, settings_config
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings

from careloop_local.errors import LocalError

SERVICES = ("profile", "ticketing", "campaign", "scoring")
"""Services with a database, in the order in which they are listed."""

Port = Annotated[int, Field(ge=1, le=65_535)]

_WITH_PASSWORDS = frozenset({"database_url", "nats_url"})
_OF_TESTS = frozenset({"CARELOOP_DATA", "CARELOOP_TEST_DATABASE_URL", "CARELOOP_TEST_NATS_URL"})

WORKER_OFFSET = 100
"""A worker in a process of its own answers health checks this far above its service's port."""
BACKGROUND = ("ticketing",)
"""Services that have much to do in the background: a process does it that yields to all others."""
BACKGROUND_OFFSET = 200
"""The same for those."""


class WrongSetting(LocalError):
    """A variable whose value cannot be meant."""

    status = 2


class LocalSettings(BaseSettings):
    """Where the local platform keeps its data and on which ports it listens."""

    model_config = settings_config("CARELOOP_")

    home: Path = Path(".careloop")
    """Directory of data, secrets and logs."""
    host: str = "127.0.0.1"
    """Address that the gateway listens on; everything else stays on 127.0.0.1."""
    gateway_port: Port = 8080
    profile_port: Port = 8101
    ticketing_port: Port = 8102
    campaign_port: Port = 8103
    scoring_port: Port = 8104
    postgres_port: Port = 15432
    nats_port: Port = 14222
    database_url: Secret | None = None
    """Administrator's URL of a PostgreSQL server of your own (16 or newer), in place of the embedded one."""
    nats_url: str | None = None
    """URL of a NATS server of your own (2.12 or newer), in place of the embedded one."""
    split: bool = False
    """Run each service's api and worker as processes of their own; workers answer 100 ports above."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: str | None = None
    """OTLP/HTTP collector for the traces of all processes."""
    ready_seconds: float = 60.0
    """Longest wait for every process to be ready."""

    @classmethod
    def from_environment(cls) -> Self:
        """The settings; what is wrong with them is told by the names of the variables."""
        try:
            return cls()
        except ValidationError as error:
            raise WrongSetting("\ncareloop: ".join(map(_told, error.errors()))) from None
        except OSError as error:
            raise WrongSetting(f"{error.filename} cannot be read: {error.strerror}") from error

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _check_url(value.get_secret_value(), ("postgresql", "postgres"))
        return value

    @field_validator("nats_url")
    @classmethod
    def _broker(cls, value: str | None) -> str | None:
        for url in value.split(",") if value is not None else ():
            _check_url(url.strip(), ("nats", "tls", "ws", "wss"))
        return value

    def ports(self) -> Mapping[str, int]:
        """Every port that the platform is going to listen on, by name; `CARELOOP_<NAME>_PORT` changes it."""
        ports = {"gateway": self.gateway_port, **{name: self.service_port(name) for name in SERVICES}}
        ports |= {f"{name} background": self.service_port(name) + BACKGROUND_OFFSET for name in BACKGROUND}
        if self.split:
            ports |= {f"{name} worker": self.service_port(name) + WORKER_OFFSET for name in SERVICES}
        if self.database_url is None:
            ports["postgres"] = self.postgres_port
        if self.nats_url is None:
            ports["nats"] = self.nats_port
        return ports

    @classmethod
    def misspelt(cls, environment: Iterable[str]) -> dict[str, str | None]:
        """Variables that look like settings but are none, each with the setting that was probably meant."""
        known = [f"CARELOOP_{name}".upper() for name in cls.model_fields]
        unknown = [
            name for name in environment if name.startswith("CARELOOP_") and name not in {*known, *_OF_TESTS}
        ]
        return {name: next(iter(get_close_matches(name, known, 1, 0.8)), None) for name in sorted(unknown)}

    def service_port(self, name: str) -> int:
        """Port of the service `name`."""
        port: int = getattr(self, f"{name}_port")
        return port


def _check_url(url: str, schemes: tuple[str, ...]) -> None:
    """Refuse what can be no address, without repeating it: there may be a password in it."""
    try:
        parts = urlsplit(url)
        possible = parts.scheme in schemes and parts.port != 0
    except ValueError:
        possible = False
    if not possible:
        raise ValueError(f"should be {schemes[0]}://host:port, with a port from 1 to 65535")


def _told(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0])
    wrong = "" if name in _WITH_PASSWORDS else f", not {str(problem['input'])!r}"
    return f"CARELOOP_{name}".upper() + f": {problem['msg'].removeprefix('Value error, ')}{wrong}"

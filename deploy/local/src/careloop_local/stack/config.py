"""What runs: each process of the platform with its command, environment and port."""

import os
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from careloop_common.embedded import HOST

from careloop_local.settings import BACKGROUND, BACKGROUND_OFFSET, SERVICES, WORKER_OFFSET, LocalSettings
from careloop_local.stack.keys import Keys

DATABASES = (*SERVICES, "gateway")
"""Everything that has a database, which is named like it."""


def reached(host: str) -> str:
    """How to reach, from this machine, what listens on `host`, in the form that URLs take."""
    everywhere = {"": HOST, "0.0.0.0": HOST, "::": "::1"}  # noqa: S104
    address = everywhere.get(host, host)
    return f"[{address}]" if ":" in address else address


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process: `env` is added to the environment of the launcher."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    port: int
    host: str = HOST

    @property
    def ready_url(self) -> str:
        """Where the process says whether it is ready."""
        return f"http://{reached(self.host)}:{self.port}/readyz"


@dataclass(frozen=True, slots=True)
class StackConfig:
    """Settings, keys and places of one local platform."""

    settings: LocalSettings

    @classmethod
    def from_environment(cls) -> "StackConfig":
        """The platform that the environment variables describe."""
        return cls(LocalSettings.from_environment())

    @property
    def home(self) -> Path:
        """Directory of everything that the platform keeps."""
        return self.settings.home.absolute()

    @property
    def keys(self) -> Keys:
        """The secrets."""
        return Keys(self.home / "secrets")

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What a running platform notes about itself."""
        return self.home / "run"

    @property
    def gateway_url(self) -> str:
        """The front door, as it is reached from this machine."""
        return f"http://{reached(self.settings.host)}:{self.settings.gateway_port}"

    @property
    def nats_url(self) -> str:
        """The broker."""
        return self.settings.nats_url or f"nats://{HOST}:{self.settings.nats_port}"

    @property
    def admin_url(self) -> str:
        """The database server, as its administrator."""
        if self.settings.database_url is not None:
            return self.settings.database_url.get_secret_value()
        password = quote(self.keys.password("postgres"), safe="")
        return f"postgresql://postgres:{password}@{HOST}:{self.settings.postgres_port}/postgres"

    def database_url(self, service: str) -> str:
        """The database of a service, as its own role."""
        parts = urlsplit(self.admin_url)
        place = parts.netloc.rpartition("@")[2]
        user = f"{service}:{quote(self.keys.password(service), safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user}@{place}", path=f"/{service}"))


def processes(config: StackConfig, *, split: bool | None = None) -> Sequence[ProcessSpec]:
    """Every process of the platform but the servers; `split` runs each api and worker apart."""
    apart = config.settings.split if split is None else split
    found = []
    for name in SERVICES:
        port = config.settings.service_port(name)
        if apart:
            found.append(_service(config, name, "api", f"{name}-api", port))
            found.append(_service(config, name, "worker", f"{name}-worker", port + WORKER_OFFSET))
        else:
            found.append(_service(config, name, "all", name, port))
        if name in BACKGROUND:
            found.append(_service(config, name, "background", f"{name}-background", port + BACKGROUND_OFFSET))
    return [*found, _gateway(config, "all", "gateway")]


def migrations(config: StackConfig) -> Sequence[ProcessSpec]:
    """The commands that bring each database to the newest schema."""
    services = [_service(config, name, "migrate", f"{name}-migrate", 0) for name in SERVICES]
    return [*services, _gateway(config, "migrate", "gateway-migrate")]


def _service(config: StackConfig, service: str, command: str, name: str, port: int) -> ProcessSpec:
    environment = _environment(config, service) | {"port": str(port), "host": HOST}
    if service in BACKGROUND:
        environment["background"] = "apart"
    if service == "ticketing":
        environment |= _unless_said(service, public_url=config.gateway_url, files=config.home / "files")
    if service == "campaign":
        outgoing = config.home / "outgoing"
        environment |= _unless_said(service, public_url=config.gateway_url, sink_directory=outgoing)
    return ProcessSpec(name, (_script(f"careloop-{service}"), command), _prefixed(service, environment), port)


def _gateway(config: StackConfig, command: str, name: str) -> ProcessSpec:
    environment = _environment(config, "gateway") | {
        "port": str(config.settings.gateway_port),
        "host": config.settings.host,
        "internal_private_key": f"file:{config.keys.internal_private}",
        "admin_key": f"file:{config.keys.admin}",
        **{f"{name}_url": f"http://{HOST}:{config.settings.service_port(name)}" for name in SERVICES},
    }
    argv = (_script("careloop-gateway"), command)
    settings = config.settings
    return ProcessSpec(
        name, argv, _prefixed("gateway", environment), settings.gateway_port, host=settings.host
    )


def _environment(config: StackConfig, service: str) -> dict[str, str]:
    """What every process is told, without the prefix of its own."""
    found = {
        "database_url": config.database_url(service),
        "nats_url": config.nats_url,
        "internal_public_key": f"file:{config.keys.internal_public}",
        "data_keys": f"file:{config.keys.data}",
        "log_level": config.settings.log_level,
    }
    if config.settings.otlp_endpoint:
        found["otlp_endpoint"] = config.settings.otlp_endpoint
    return found


def _unless_said(service: str, **values: str | Path) -> dict[str, str]:
    """What the launcher would choose where the user's own environment says nothing."""
    said = {name for name in values if f"{service}_{name}".upper() in os.environ}
    return {name: str(value) for name, value in values.items() if name not in said}


def _prefixed(service: str, environment: Mapping[str, str]) -> dict[str, str]:
    return {f"{service}_{name}".upper(): value for name, value in environment.items()}


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)

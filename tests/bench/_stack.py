"""What a bench measures: a local platform that runs already, or servers and one service that only it sees."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import aiohttp
from careloop_common.database import Database
from careloop_common.embedded import (
    EmbeddedNats,
    EmbeddedPostgres,
    EmbeddedServer,
    bootstrap_databases,
    free_port,
)
from careloop_common.privacy import Vault
from careloop_common.testing.access import Signer, data_keys
from careloop_gateway.identity.secrets import new_key


@dataclass
class Measured:
    """Where to send, with which key, the database behind it if that is known, process ids by name, and NATS if that is known."""

    url: str
    key: str
    database: str | None
    processes: dict[str, int]
    broker: str | None = None


def local_platform(home: Path, service: str) -> Measured:
    """The platform that `careloop up` started, through its gateway; with the database of one service, and NATS if that is its
    own."""
    run = {path.stem: int(path.read_text().split()[0]) for path in (home / "run").glob("*.pid")}
    stack = json.loads((home / "run" / "stack.json").read_text())
    database, embedded = None, home / "postgres" / "postmaster.pid"
    if embedded.exists():
        port = embedded.read_text().splitlines()[3]
        password = (home / "secrets" / f"{service}.password").read_text().strip()
        database = f"postgresql://{service}:{password}@127.0.0.1:{port}/{service}"
    broker = None
    if "nats" in run:
        listens = re.search(r'^listen: "(.+)"$', (home / "nats" / "nats.conf").read_text(), re.MULTILINE)
        broker = listens and f"nats://{listens[1]}"
    run.pop("watch", None)
    key = (home / "secrets" / "admin.key").read_text().strip()
    return Measured(stack["gateway_url"], key, database, run | {"load": os.getpid()}, broker)


class OwnStack(Measured):
    """PostgreSQL and NATS as the local stack runs them, one service's API and worker, and if wanted the gateway in front:
    each can be killed and started.

    `PostgreSQL`, `NATS`, `api`, `worker` and `gateway` are their names; further workers are `worker-2`, `worker-3` …
    Other `commands` make it up as well, the first of which answers HTTP.
    """

    broker: str

    def __init__(
        self,
        service: str,
        home: Path,
        signer: Signer,
        scopes: Sequence[str],
        log_level: str,
        *,
        gateway: bool = False,
        commands: Sequence[str] = ("api", "worker"),
        workers: int = 1,
    ) -> None:
        self._servers: dict[str, EmbeddedServer] = {
            "PostgreSQL": (postgres := EmbeddedPostgres(home / "pg")),
            "NATS": (nats := EmbeddedNats(home / "nats")),
        }
        self.home = home
        self._service, self._admin_url = service, postgres.admin_url
        further = [f"worker-{number}" for number in range(2, workers + 1)]
        self._front = commands[0]
        self._ports = {name: free_port() for name in (*commands, *further)}
        self.workers = [name for name in self._ports if name.startswith("worker")]
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self.data_keys = data_keys()
        super().__init__(
            f"http://127.0.0.1:{self._ports[self._front]}",
            signer.token(scopes, lifetime=timedelta(hours=2)),
            f"postgresql://{service}:bench@127.0.0.1:{postgres.port}/{service}",
            {"load": os.getpid()},
            nats.url,
        )
        self._settings = {
            "DATABASE_URL": self.database,
            "NATS_URL": nats.url,
            "INTERNAL_PUBLIC_KEY": signer.public_pem,
            "DATA_KEYS": self.data_keys,
            "LOG_LEVEL": log_level,
            "BACKGROUND": "apart" if "background" in commands else "here",
        }
        self._gateway = self._in_front(signer) if gateway else {}

    def _in_front(self, signer: Signer) -> dict[str, str]:
        """Settings of a gateway; from here on it is what is measured."""
        self._ports["gateway"], behind = free_port(), self.url
        self.url, self.key = f"http://127.0.0.1:{self._ports['gateway']}", str(new_key())
        assert self.database
        return self._settings | {
            "DATABASE_URL": self.database.replace(f"//{self._service}:", "//gateway:").removesuffix(
                self._service
            )
            + "gateway",
            "INTERNAL_PRIVATE_KEY": signer.private_pem,
            "ADMIN_KEY": self.key,
            f"{self._service.upper()}_URL": behind,
        }

    async def open(self) -> None:
        for server in self._servers:
            await self.start(server)
        databases = {self._service: self.database} | (
            {"gateway": self._gateway["DATABASE_URL"]} if self._gateway else {}
        )
        await bootstrap_databases(self._admin_url, dict.fromkeys(databases, "bench"))
        for service, url in databases.items():
            migrate = import_module(f"careloop_{service}.service").service.migrate
            await asyncio.to_thread(migrate, url)
        for command in self._ports:
            await self.start(command)
        for address in (f"http://127.0.0.1:{self._ports[self._front]}", self.url):
            await _answers(address)

    async def start(self, name: str) -> None:
        if server := self._servers.get(name):
            server.start()
            server.wait_ready()
            self.processes[name] = server.pid
            return
        service, settings = (
            ("gateway", self._gateway) if name == "gateway" else (self._service, self._settings)
        )
        given = {f"{service}_{key}".upper(): value for key, value in settings.items()}
        self._children[name] = child = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / f"careloop-{service}",
            "api" if name == "gateway" else name.partition("-")[0],
            env=os.environ | given | {f"{service}_port".upper(): str(self._ports[name])},
        )
        self.processes[name] = child.pid

    async def kill(self, name: str) -> None:
        """End it as a power cut would: no handler runs, nothing is flushed."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.processes.pop(name), signal.SIGKILL)
        if name in self._children:
            await self._children.pop(name).wait()

    async def supervise(self) -> list[str]:
        """Start whoever gave up, as a supervisor does, because what it needs was away for too long; returns their names."""
        ended = [name for name, child in self._children.items() if child.returncode is not None]
        for name in ended:
            await self.start(name)
        return ended

    async def close(self) -> None:
        for child in self._children.values():
            # One that ended by itself is what a bench is there to see.
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        await asyncio.gather(*(child.wait() for child in self._children.values()))
        for server in reversed(self._servers.values()):
            server.stop()


@contextlib.asynccontextmanager
async def own_stack(
    service: str,
    scopes: Sequence[str],
    *,
    log_level: str = "WARNING",
    gateway: bool = False,
    commands: Sequence[str] = ("api", "worker"),
    workers: int = 1,
) -> AsyncIterator[OwnStack]:
    """A stack that only the bench sees; thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as directory:
        Path(directory).chmod(0o755)  # noqa: ASYNC240
        stack = OwnStack(
            service,
            Path(directory),
            Signer(),
            scopes,
            log_level,
            gateway=gateway,
            commands=commands,
            workers=workers,
        )
        try:
            await stack.open()
            yield stack
        finally:
            await stack.close()


@contextlib.asynccontextmanager
async def own_profile() -> AsyncIterator[Database]:
    """Profile's database on a PostgreSQL that only the bench sees, without any of its processes."""
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as directory:
        Path(directory).chmod(0o755)  # noqa: ASYNC240
        postgres = EmbeddedPostgres(Path(directory) / "pg")
        postgres.start()
        postgres.wait_ready()
        try:
            await bootstrap_databases(postgres.admin_url, {"profile": "bench"})
            url = f"postgresql://profile:bench@127.0.0.1:{postgres.port}/profile"
            await asyncio.to_thread(import_module("careloop_profile.service").service.migrate, url)
            database = Database(url, service="profile", vault=Vault(data_keys()))
            try:
                yield database
            finally:
                await database.close()
        finally:
            postgres.stop()


class Meter:
    """Processor time that the processes of a stack use from now on."""

    def __init__(self, stack: Measured) -> None:
        self._stack, self._before = stack, {name: cpu(pid) for name, pid in stack.processes.items()}

    def tell(self, count: int, of: str) -> None:
        for name, pid in self._stack.processes.items():
            print(f"CPU {name:<12}{(cpu(pid) - self._before[name]) / count * 1e6:>10.1f} µs per {of}")


def cpu(pid: int) -> float:
    """Seconds of processor time of a process and its descendants; of this process, whose children are the rest, alone."""
    stats = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            values = entry.read_text().rpartition(")")[2].split()
            used = sum(map(int, values[11:13] if int(entry.parent.name) == os.getpid() else values[11:15]))
            stats[int(entry.parent.name)] = (int(values[1]), used)
    family, grown = {pid}, pid != os.getpid()
    while grown:
        more = {child for child, (parent, _) in stats.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return sum(stats[member][1] for member in family if member in stats) / os.sysconf("SC_CLK_TCK")


async def _answers(url: str) -> None:
    async with aiohttp.ClientSession(url) as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)

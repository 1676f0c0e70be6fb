"""What a bench measures: a local platform that runs already, or servers and one service that only it sees."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import aiohttp
from careloop_common.embedded import EmbeddedNats, EmbeddedPostgres, bootstrap_databases, free_port
from careloop_common.testing.access import Signer, data_keys


@dataclass(frozen=True, slots=True)
class Measured:
    """Where to send, with which key, the database behind it if that is known, and process ids by name."""

    url: str
    key: str
    database: str | None
    processes: dict[str, int]


def local_platform(home: Path, service: str) -> Measured:
    """The platform that `careloop up` started, through its gateway; with the database of one service."""
    run = {path.stem: int(path.read_text().split()[0]) for path in (home / "run").glob("*.pid")}
    stack = json.loads((home / "run" / "stack.json").read_text())
    database, embedded = None, home / "postgres" / "postmaster.pid"
    if embedded.exists():
        port = embedded.read_text().splitlines()[3]
        password = (home / "secrets" / f"{service}.password").read_text().strip()
        database = f"postgresql://{service}:{password}@127.0.0.1:{port}/{service}"
    run.pop("watch", None)
    key = (home / "secrets" / "admin.key").read_text().strip()
    return Measured(stack["gateway_url"], key, database, run | {"load": os.getpid()})


@contextlib.asynccontextmanager
async def own_stack(service: str, scopes: Sequence[str]) -> AsyncIterator[Measured]:
    """PostgreSQL and NATS as the local stack runs them, one service's API and worker; thrown away afterwards."""
    signer, port = Signer(), free_port()
    with tempfile.TemporaryDirectory(prefix="careloop-bench-") as directory, contextlib.ExitStack() as stack:
        Path(directory).chmod(0o755)  # noqa: ASYNC240
        postgres, nats = EmbeddedPostgres(Path(directory) / "pg"), EmbeddedNats(Path(directory) / "nats")
        for server in (postgres, nats):
            stack.callback(server.stop)
            server.start()
            server.wait_ready()
        await bootstrap_databases(postgres.admin_url, {service: "bench"})
        database = f"postgresql://{service}:bench@127.0.0.1:{postgres.port}/{service}"
        migrate = import_module(f"careloop_{service}.service").service.migrate
        await asyncio.to_thread(migrate, database)
        settings = {
            "DATABASE_URL": database,
            "NATS_URL": nats.url,
            "INTERNAL_PUBLIC_KEY": signer.public_pem,
            "DATA_KEYS": data_keys(),
            "LOG_LEVEL": "WARNING",
        }
        processes = {"PostgreSQL": postgres.pid, "NATS": nats.pid, "load": os.getpid()}
        children = []
        for command, number in (("api", port), ("worker", free_port())):
            given = {f"{service}_{name}".upper(): value for name, value in settings.items()}
            child = await asyncio.create_subprocess_exec(
                Path(sys.executable).parent / f"careloop-{service}",
                command,
                env=os.environ | given | {f"{service}_port".upper(): str(number)},
            )
            children.append(child)
            processes[command] = child.pid
        url = f"http://127.0.0.1:{port}"
        await _answers(url)
        try:
            yield Measured(url, signer.token(scopes, lifetime=timedelta(hours=2)), database, processes)
        finally:
            for child in children:
                child.terminate()
            await asyncio.gather(*(child.wait() for child in children))


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

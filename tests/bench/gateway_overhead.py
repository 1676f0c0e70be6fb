"""What the gateway adds to a request: processor time, and latency beside the service called directly, in the same run.

    python tests/bench/gateway_overhead.py [--requests 5000] [--connections 32]

The service is a bare ASGI application that answers 480 bytes; between it and the client stand authentication by an API
key from the database, scopes, rate limit, trace, metrics, breaker and bulkhead. Latency is taken by one connection at a
time, in turns direct and through the gateway, so that both see the same machine. Ends with status 1 below the targets.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvicorn
from careloop_common.embedded import bootstrap_databases
from careloop_common.testing.access import data_keys
from careloop_common.testing.servers import own_nats, own_postgres
from careloop_gateway.identity.secrets import new_key
from careloop_gateway.service import service
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

GATEWAY, SERVICE = 18980, 18981
PATH = "/v1/customers/0198c0de-0000-7000-8000-000000000001"
BODY = b'{"customer_id":"0198c0de-0000-7000-8000-000000000001","filler":"' + b"x" * 414 + b'"}'
PER_CORE, ADDED_MS = 1000, 3.0
TICKS = os.sysconf("SC_CLK_TCK")


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """The service behind."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def process(*command: str, environment: dict[str, str] | None = None) -> Iterator[int]:
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=log, stderr=log)
        try:
            yield running.pid
        finally:
            running.terminate()
            running.wait(15)


def settings(database: str, nats: str, admin: str) -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    upstreams = {
        f"{name}_url": f"http://127.0.0.1:{SERVICE}"
        for name in ("profile", "ticketing", "campaign", "scoring")
    }
    given = {
        "database_url": database,
        "nats_url": nats,
        "internal_private_key": private.decode(),
        "internal_public_key": public.decode(),
        "data_keys": data_keys(),
        "admin_key": admin,
        "port": str(GATEWAY),
        "read_per_second": "1000000",
        "log_level": "WARNING",
        **upstreams,
    }
    return {f"GATEWAY_{name.upper()}": value for name, value in given.items()}


async def answering(address: str, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            try:
                async with session.get(address) as answer:
                    if answer.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise SystemExit(f"{address} does not answer")


@asynccontextmanager
async def client(connections: int, key: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, headers={"x-api-key": key}) as session:
        yield session


async def get(session: aiohttp.ClientSession, port: int) -> float:
    started = time.perf_counter()
    async with session.get(f"http://127.0.0.1:{port}{PATH}") as answer:
        body = await answer.read()
        if answer.status != 200 or len(body) != len(BODY):
            raise SystemExit(f"status {answer.status}: {body[:300]!r}")
    return time.perf_counter() - started


async def load(port: int, requests: int, connections: int, key: str) -> float:
    """Seconds for so many requests over so many connections."""
    left = iter(range(requests))
    async with client(connections, key) as session:

        async def worker() -> None:
            for _ in left:
                await get(session, port)

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(connections)))
        return time.perf_counter() - started


async def latencies(rounds: int, key: str) -> tuple[list[float], list[float]]:
    direct, through = [], []
    async with client(1, key) as to_service, client(1, key) as to_gateway:
        for _ in range(rounds):
            direct.append(await get(to_service, SERVICE))
            through.append(await get(to_gateway, GATEWAY))
    return direct, through


async def issue_key(admin: str) -> str:
    """A key of the database, as callers have them; the administrator's is never looked up."""
    async with aiohttp.ClientSession(headers={"x-api-key": admin}) as session:
        body = {"name": "bench", "roles": ["viewer"]}
        async with session.post(f"http://127.0.0.1:{GATEWAY}/v1/api-keys", json=body) as answer:
            return str((await answer.json())["key"])


def percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] * 1000


async def measure(given: argparse.Namespace, gateway: int, behind: int, admin: str) -> bool:
    await answering(f"http://127.0.0.1:{SERVICE}/")
    await answering(f"http://127.0.0.1:{GATEWAY}/livez")
    key = await issue_key(admin)
    await load(GATEWAY, 500, given.connections, key)
    before = cpu_seconds(gateway), cpu_seconds(behind)
    direct_seconds = await load(SERVICE, given.requests, given.connections, key)
    between = cpu_seconds(behind)
    through_seconds = await load(GATEWAY, given.requests, given.connections, key)
    spent = (cpu_seconds(gateway) - before[0]) / given.requests * 1e6
    bare_spent = (between - before[1]) / given.requests * 1e6
    direct, through = await latencies(max(200, given.requests // 5), key)
    added = percentile(through, 50) - percentile(direct, 50)
    print(f"{'':28}{'direct':>12}{'gateway':>12}")
    print(f"{'processor time, µs/request':28}{bare_spent:12.0f}{spent:12.0f}")
    print(f"{'requests/s per core':28}{1e6 / bare_spent:12.0f}{1e6 / spent:12.0f}   target {PER_CORE}")
    rates = given.requests / direct_seconds, given.requests / through_seconds
    print(
        f"{'requests/s seen':28}{rates[0]:12.0f}{rates[1]:12.0f}   {given.connections} connections, this machine"
    )
    for percent in (50, 99):
        pair = percentile(direct, percent), percentile(through, percent)
        print(f"{f'latency p{percent}, ms':28}{pair[0]:12.2f}{pair[1]:12.2f}")
    print(f"{'added p50, ms':28}{'':12}{added:12.2f}   target {ADDED_MS}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 1e6 / spent >= PER_CORE and added <= ADDED_MS


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--service", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.service:
        uvicorn.run(bare, port=SERVICE, log_level="error", access_log=False, lifespan="off")
        return 0
    admin = str(new_key())
    with own_postgres() as server, own_nats() as nats:
        asyncio.run(bootstrap_databases(server, {"gateway": "bench"}))
        database = f"postgresql://gateway:bench@{urlsplit(server).netloc.rpartition('@')[2]}/gateway"
        service.migrate(database)
        environment = settings(database, nats, admin)
        script = str(Path(sys.executable).with_name("careloop-gateway"))
        with (
            process(sys.executable, __file__, "--service") as behind,
            process(script, "api", environment=environment) as gateway,
        ):
            return 0 if asyncio.run(measure(given, gateway, behind, admin)) else 1


if __name__ == "__main__":
    sys.exit(main())

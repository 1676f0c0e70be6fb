"""Every process of the platform on its own, so that each can be killed and started again by name."""

import asyncio
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiohttp
from careloop_common.embedded import EmbeddedServer, free_port
from careloop_local.settings import BACKGROUND_OFFSET, SERVICES, WORKER_OFFSET, LocalSettings
from careloop_local.stack import servers
from careloop_local.stack.config import ProcessSpec, StackConfig, processes
from careloop_local.stack.migrate import migrate

STOP_SECONDS = 30
"""All of them end at once, and a busy machine has other things to do."""
READY_SECONDS = 120.0
_POLL_SECONDS = 0.1
_NO_LIMITS = {
    f"GATEWAY_{name}_PER_SECOND": "100000" for name in ("READ", "WRITE", "INGEST", "ADMIN", "PUBLIC")
}
"""The load comes from one caller."""


def ports() -> dict[str, int]:
    """Free ports for everything; what a service leaves to processes of their own listens above it, so all must be free together."""
    alone = {f"{name}_port": free_port() for name in ("gateway", "postgres", "nats")}
    return alone | {f"{name}_port": free_port(WORKER_OFFSET, BACKGROUND_OFFSET) for name in SERVICES}


class Fleet:
    """PostgreSQL, NATS, the gateway, and api and worker of each service (and what works in the background), on a directory of their own."""

    def __init__(self, home: Path) -> None:
        self.config = StackConfig(LocalSettings(home=home, split=True, log_level="WARNING", **ports()))
        self._specs: dict[str, ProcessSpec] = {}
        self._servers: dict[str, EmbeddedServer] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        # Servers end with the thread that started them, so all of them are started by this one.
        self._thread = ThreadPoolExecutor(1)
        self.deaths: dict[str, int] = {}

    @property
    def names(self) -> list[str]:
        """Whatever can be killed."""
        return [*self._servers, *self._specs]

    async def start(self) -> None:
        """Bring everything up, and wait until it is ready."""
        await self._in_thread(self._start_servers)
        self._specs = {spec.name: spec for spec in processes(self.config)}
        for name in self._specs:
            self._spawn(name)
        await self.ready()

    async def kill(self, name: str) -> None:
        """End one process as a power cut would: no handler runs, nothing is flushed."""
        if name in self._servers:
            os.kill(self._servers[name].pid, signal.SIGKILL)
            await self._in_thread(self._servers[name].stop)
        else:
            self._processes[name].kill()
            await asyncio.to_thread(self._processes[name].wait)

    async def revive(self, name: str) -> None:
        """Start a killed process again; services find their way back by themselves."""
        if name in self._servers:
            await self._in_thread(self._restart_server, self._servers[name])
        else:
            self._spawn(name)

    def revive_the_dead(self) -> None:
        """Do a supervisor's work: start what ended by itself, and count it."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                self.deaths[name] = self.deaths.get(name, 0) + 1
                self._spawn(name)

    async def ready(self) -> None:
        """Return when every process says that it is ready."""
        waiting = dict(self._specs)
        try:
            async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
                while waiting:
                    for name, spec in list(waiting.items()):
                        if await _answers(session, spec.ready_url):
                            del waiting[name]
                    self.revive_the_dead()
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            ends = [(self.config.logs / f"{name}.log").read_text()[-1500:] for name in waiting]
            raise RuntimeError(f"not ready: {', '.join(waiting)}\n" + "\n".join(ends)) from error

    async def stop(self) -> None:
        """End everything that was started here."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                await asyncio.to_thread(process.wait, STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        for server in reversed(self._servers.values()):
            await self._in_thread(server.stop)
        self._thread.shutdown()

    def _start_servers(self) -> None:
        self.config.logs.mkdir(parents=True)
        self.config.keys.ensure(data_exist=False)
        for server in servers.embedded(self.config):
            self._servers[server.name] = server
            self._restart_server(server)
        servers.bootstrap(self.config)
        migrate(self.config)

    def _restart_server(self, server: EmbeddedServer) -> None:
        server.start()
        server.wait_ready()

    def _spawn(self, name: str) -> None:
        spec = self._specs[name]
        environment = {**os.environ, **spec.env, **_NO_LIMITS}
        with (self.config.logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                spec.argv, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    async def _in_thread(self, work: object, *arguments: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=3)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False

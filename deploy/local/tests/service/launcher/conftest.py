import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import monotonic

import psutil
import pytest
from careloop_common.embedded import free_port
from careloop_local.settings import BACKGROUND_OFFSET, WORKER_OFFSET
from careloop_local.stack import state

NAMES = ("gateway", "profile", "ticketing", "campaign", "scoring", "postgres", "nats")


def show(terminal, output, closing):
    """What a window does: show what comes, and be closed."""
    with output.open("wb", buffering=0) as screen:
        while not closing.is_set():
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    screen.write(os.read(terminal, 65_536))
                except OSError:
                    break
    os.close(terminal)


class Launcher:
    """`careloop up` as a process, in a home and on ports of its own."""

    def __init__(self, home, *, prefix=(), **environment):
        self.home = home
        self.run = home / "run"
        self.prefix = list(prefix)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CARELOOP_")}
        # What a service leaves to processes of their own listens above it.
        ports = {
            f"CARELOOP_{name.upper()}_PORT": str(free_port(WORKER_OFFSET, BACKGROUND_OFFSET))
            for name in NAMES
        }
        self.environment = {
            **clean,
            "CARELOOP_HOME": str(home),
            "CARELOOP_READY_SECONDS": "150",
            **ports,
            **environment,
        }
        self.output = home.parent / "output.txt"
        self.process = None
        self.closing = []

    def command(self, *arguments):
        """Run another `careloop` command on the same home."""
        argv = [*self.prefix, sys.executable, "-m", "careloop_local", *arguments]
        return subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, check=False, cwd="/"
        )

    def start(self, *arguments):
        argv = [*self.prefix, sys.executable, "-m", "careloop_local", *(arguments or ["up"])]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                argv, env=self.environment, stdout=output, stderr=output, cwd="/", start_new_session=True
            )

    def start_in_terminal(self, *arguments):
        """Start a command in a terminal of its own; calling what is returned closes that."""
        ours, its = pty.openpty()
        # Who runs the tests may ignore hang-ups, and children inherit that.
        hearing = ["env", "--default-signal=HUP", "setsid", "--ctty"]
        self.process = subprocess.Popen(
            [*hearing, *self.prefix, sys.executable, "-m", "careloop_local", *arguments],
            env=self.environment,
            stdin=its,
            stdout=its,
            stderr=its,
            cwd="/",
        )
        os.close(its)
        closing = threading.Event()
        screen = threading.Thread(target=show, args=(ours, self.output, closing))
        screen.start()

        def close():
            closing.set()
            screen.join()

        self.closing.append(close)
        return close

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
        for close in self.closing:
            close()
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

    def check(processes, timeout=60):
        deadline = monotonic() + timeout
        _, alive = psutil.wait_procs(processes, timeout=timeout)
        left = [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        assert not left, f"{left} still run after {monotonic() - deadline + timeout:.0f} s"

    return check

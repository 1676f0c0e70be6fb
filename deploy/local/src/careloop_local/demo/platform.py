"""The platform under the demo: the one that runs in this home already, or one that is started for the demo."""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rich.console import Console

from careloop_local.errors import LocalError
from careloop_local.stack import home, state
from careloop_local.stack.config import StackConfig

LOOK_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Stack:
    """A platform that is ready."""

    config: StackConfig
    launcher: "subprocess.Popen[bytes] | None"
    """None if somebody else started it."""

    @property
    def gateway_url(self) -> str:
        return str(state.read(self.config.run).get("gateway_url", self.config.gateway_url))

    def wait(self) -> None:
        """Return when the platform has ended, or at once if it is somebody else's."""
        if self.launcher is not None:
            self.launcher.wait()

    def addresses(self, customer_id: str | None) -> dict[str, str]:
        """Where to look."""
        gateway, key = self.gateway_url, self.config.keys.admin
        found = {
            "documentation": f"{gateway}/docs",
            "health": f"{gateway}/readyz",
            "metrics": f"{gateway}/metrics",
            "events": f"{self.config.nats_url} care.v1.>",
            "logs": str(self.config.logs),
        }
        if customer_id:
            view = f"{gateway}/v1/customers/{customer_id}/view"
            found["360° view"] = f'curl -H "Authorization: Bearer $(cat {shlex.quote(str(key))})" {view}'
        return found


@contextmanager
def running(config: StackConfig, console: Console) -> Iterator[Stack]:
    """A platform that is ready, for as long as the block lasts; one that was running before goes on afterwards."""
    if state.launcher_alive(config.run):
        console.print(f"A platform is running in {config.home}: using it.", highlight=False)
        _await_ready(config, None, console)
        yield Stack(config, None)
        return
    home.claim(config.home, config.logs.name)
    with _launcher_log(config) as output:
        # A session of its own: Ctrl-C is for the demo, which then ends the platform itself.
        launcher = subprocess.Popen(
            (sys.executable, "-m", "careloop_local", "up"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_ready(config, launcher, console)
        yield Stack(config, launcher)
    finally:
        launcher.terminate()
        launcher.wait()


def _launcher_log(config: StackConfig) -> BinaryIO:
    try:
        return (config.logs / "launcher.log").open("wb")
    except OSError as error:
        raise home.unusable(config.home, error) from error


def _await_ready(config: StackConfig, launcher: "subprocess.Popen[bytes] | None", console: Console) -> None:
    """Show what the launcher says until the platform is ready."""
    log, shown = config.logs / "launcher.log", 0
    deadline = time.monotonic() + 3 * config.settings.ready_seconds
    while "ready" not in state.read(config.run):
        if launcher is not None:
            shown = _show(log, shown, console)
            if launcher.poll() is not None:
                _show(log, shown, console)
                raise LocalError("the platform did not start")
        if time.monotonic() > deadline:
            raise LocalError(f"the platform is not ready; see {config.logs}")
        time.sleep(LOOK_EVERY)
    started, ready = (state.read(config.run)[name] for name in ("started", "ready"))
    if launcher is not None:
        console.print(f"Platform ready after {ready - started:.1f} s", highlight=False)


def _show(log: Path, shown: int, console: Console) -> int:
    lines = log.read_text(errors="replace").splitlines()
    for line in lines[shown:]:
        console.print(f"  {line}", highlight=False, markup=False)
    return len(lines)

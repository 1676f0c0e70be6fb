"""`careloop up`: start everything, stay, and leave nothing behind."""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import honcho.manager

from careloop_local.settings import LocalSettings
from careloop_local.stack import ports, servers, state
from careloop_local.stack.config import ProcessSpec, StackConfig, processes
from careloop_local.stack.console import WATCH, Console, Supervisor
from careloop_local.stack.migrate import migrate
from careloop_local.terminal import heed_requests_to_end, say

STOP_SECONDS = 12
"""A service has ten seconds to finish the requests that it has begun; then it is killed."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Everything is set by the environment; there is nothing to configure here."""
    parser.epilog = "Settings are environment variables: CARELOOP_HOME, CARELOOP_GATEWAY_PORT and others."


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Run the platform until a signal comes, a server ends, or a process has ended too often to be started again."""
    started = time.time()
    config = StackConfig.from_environment()
    for name, meant in LocalSettings.misspelt(os.environ).items():
        say(f"{name} is no setting" + (f"; {meant} is" if meant else ""))
    heed_requests_to_end()
    honcho.manager.KILL_WAIT = STOP_SECONDS
    _sweep(config)
    with state.lock(config.run):
        ports.check(config.settings.ports(), config.settings.host)
        config.logs.mkdir(parents=True, exist_ok=True)
        config.keys.ensure(data_exist=(config.home / "postgres").exists())
        state.write(config.run, launcher=os.getpid(), started=started, gateway_url=config.gateway_url)
        with _noted(config), servers.running(config):
            say(f"servers run after {time.time() - started:.1f} s; migrating")
            servers.bootstrap(config)
            migrate(config)
            say(f"databases are ready after {time.time() - started:.1f} s; starting the services")
            return _supervise(config)


def _supervise(config: StackConfig) -> int:
    """Hand everything to honcho, and return when all of it has ended."""
    specs = processes(config)
    state.write(config.run, processes={spec.name: spec.ready_url for spec in specs})
    console = Console()
    manager = Supervisor(console, ready=lambda: "ready" in state.read(config.run))
    for spec in specs:
        manager.add_process(spec.name, _command(config, spec), env={**os.environ, **spec.env})
    watch = shlex.join((sys.executable, "-m", "careloop_local.stack.watch", str(config.home)))
    manager.add_process(WATCH, f"{_note_pid(config, WATCH)}; exec {watch}")
    try:
        manager.loop()
    finally:
        # Should honcho itself break, what it had started must not live on.
        state.end(state.alive(config.run, [WATCH, *(spec.name for spec in specs)]), seconds=10.0)
    if console.first_stopped is None or console.asked:
        return 0
    name, status = console.first_stopped
    if name != WATCH:
        say(f"--- the end of {config.logs / name}.log\n{_tail(config.logs / f'{name}.log')}")
    return status if 0 < status < 126 else 1


def _command(config: StackConfig, spec: ProcessSpec) -> str:
    """The shell line that honcho runs: note the pid, then become the process, with its output in a file."""
    log = shlex.quote(str(config.logs / f"{spec.name}.log"))
    return f"{_note_pid(config, spec.name)}; exec {shlex.join(spec.argv)} >>{log} 2>&1 </dev/null"


def _note_pid(config: StackConfig, name: str) -> str:
    """Write the pid down at once: whoever reads it while a process is started again finds the old one or the new one."""
    path = config.run / f"{name}.pid"
    part = shlex.quote(f"{path}.part")
    return f"echo $$ >{part} && mv {part} {shlex.quote(str(path))}"


def _sweep(config: StackConfig) -> None:
    """Begin without what a killed launcher may have left."""
    if not state.launcher_alive(config.run) and state.end_leftovers(config.run):
        say("ended what an earlier run had left behind")


@contextmanager
def _noted(config: StackConfig) -> Iterator[None]:
    """Leave no note behind, whatever happens inside."""
    try:
        yield
    finally:
        state.forget(config.run)
        say("stopped")


def _tail(path: Path, lines: int = 15) -> str:
    with suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""

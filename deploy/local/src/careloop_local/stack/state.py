"""What a running platform notes about itself, and what others do with the notes.

run/lock            held by the launcher as long as it lives
run/stack.json      the launcher's pid, the servers' pids, addresses, and since when the platform is ready
run/<name>.pid      one file per process
"""

import fcntl
import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

import psutil

from careloop_local.errors import LocalError
from careloop_local.stack import home

_CLOCK_SLACK = 2.0
_POLL_SECONDS = 0.05
_LOCK_SECONDS = 1.0
"""Somebody who only looks whether the home is held has the lock for an instant."""


class AlreadyRunning(LocalError):
    """Another launcher holds this home."""

    status = 4


@contextmanager
def lock(run: Path) -> Iterator[None]:
    """Hold the home for as long as the block lasts."""
    home.claim(run.parent, run.name)
    try:
        file = (run / "lock").open("a")
    except OSError as error:
        raise home.unusable(run.parent, error) from error
    with file:
        deadline = monotonic() + _LOCK_SECONDS
        while not _flock(file):
            if monotonic() > deadline:
                pid = read(run).get("launcher", "?")
                raise AlreadyRunning(
                    f"a platform is running in {run.parent} already (process {pid}); `careloop down` stops it, "
                    "CARELOOP_HOME chooses another place"
                )
            sleep(_POLL_SECONDS)
        yield


def _flock(file: IO[str], kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def locked(run: Path) -> bool:
    """Whether a launcher holds this home."""
    try:
        with (run / "lock").open() as file:
            return not _flock(file, fcntl.LOCK_SH)
    except OSError:
        return False


def read(run: Path) -> dict[str, Any]:
    """The note of the launcher; empty when there is none that can be read."""
    with suppress(OSError, ValueError):
        found = json.loads((run / "stack.json").read_text())
        if isinstance(found, dict) and isinstance(found.get("launcher"), int):
            return found
    return {}


def write(run: Path, **changes: Any) -> None:
    """Change the note of the launcher, in one step."""
    part = run / "stack.json.part"
    part.write_text(json.dumps({**read(run), **changes}, indent=2) + "\n")
    part.rename(run / "stack.json")


def forget(run: Path) -> None:
    """Remove all notes but the lock."""
    for path in (run / "stack.json", *home.pid_files(run)):
        path.unlink(missing_ok=True)


def runs(pid: int) -> bool:
    """Whether the process runs; one that has ended and that nobody has waited for does not."""
    with suppress(psutil.Error, ValueError):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def alive(run: Path, names: Sequence[str] | None = None) -> list[psutil.Process]:
    """Other processes whose pid is noted here and that run; a pid that was given to another program does not count."""
    found = []
    for path in home.pid_files(run, names):
        with suppress(OSError, ValueError, psutil.Error):
            process = psutil.Process(int(path.read_text()))
            ours = process.create_time() <= path.stat().st_mtime + _CLOCK_SLACK
            if ours and process.pid != os.getpid() and runs(process.pid):
                found.append(process)
    return found


def end(processes: list[psutil.Process], seconds: float) -> None:
    """Ask the processes to end, and kill those that have not after `seconds`."""
    for signum, wait in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(signum)
        _, processes = psutil.wait_procs(processes, timeout=wait)


def launcher_alive(run: Path) -> bool:
    """Whether a launcher runs here. Children of one that was killed may hold the lock for a moment; the note tells."""
    pid = read(run).get("launcher")
    return locked(run) and (pid is None or runs(pid))


def end_leftovers(run: Path) -> bool:
    """End the processes of a launcher that was killed; whether there were any."""
    if not run.is_dir() or not home.is_ours(run.parent):
        return False
    left = alive(run)
    end(left, seconds=10.0)
    forget(run)
    return bool(left)


def stop(run: Path, seconds: float = 40.0) -> bool:
    """End the platform that holds this home, and what an earlier one left behind; whether there was any."""
    found = launcher_alive(run)
    if found:
        pid = read(run).get("launcher")
        if pid is None:
            raise LocalError(
                f"a platform holds {run.parent}, but its note in {run} cannot be read: end it by its pid"
            )
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = monotonic() + seconds
        while runs(pid) and locked(run):
            if monotonic() > deadline:
                raise LocalError(f"process {pid} did not end within {seconds:.0f} s")
            sleep(_POLL_SECONDS)
    return end_leftovers(run) or found

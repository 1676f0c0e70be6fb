"""The watch: one of the processes of a running platform, and the voice of it.

It waits until every process is ready and prints the addresses; then it shows the warnings and errors in the logs. It ends
when a server dies, which ends the platform; when the launcher was killed, it ends the platform itself.

Standard library and psutil only: it should not slow down the start that it measures.
"""

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from careloop_local.stack import state
from careloop_local.terminal import say

_TURN_SECONDS = 0.1
_SERVERS = ("postgres", "nats")
_SHOWN_LEVELS = {"warning", "error", "critical"}
_QUIET_KEYS = {"event", "level", "timestamp", "service", "logger", "exception", "trace_id", "span_id"}


class LogTail:
    """What was written to one log file since the last look."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def lines(self) -> list[str]:
        """Complete new lines."""
        with suppress(OSError), self._path.open("rb") as file:
            file.seek(self._offset)
            read = file.read()
            self._offset += len(read)
            *whole, self._rest = (self._rest + read).split(b"\n")
            return [line.decode(errors="replace") for line in whole]
        return []


class Watch:
    """One look after another at everything that runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run = home / "run"
        self.note = state.read(self.run)
        self.waiting: dict[str, str] = dict(self.note["processes"])
        self.limit = self.note["started"] + float(os.environ.get("CARELOOP_READY_SECONDS", "60"))
        self.servers = [path for name in _SERVERS if (path := self.run / f"{name}.pid").exists()]
        self.tails = [LogTail(home / "logs" / f"{name}.log") for name in self.waiting]

    def turn(self) -> int | None:
        """Look once; an exit status ends the watch."""
        if not state.runs(self.note["launcher"]):
            return 1
        for path in self.servers:
            if not _runs(path):
                say(f"{path.stem} has ended; see {self.home / 'logs' / path.stem}.log")
                return 1
        for tail in self.tails:
            for line in tail.lines():
                if shown := compact(tail.name, line):
                    say(shown)
        return self._await_ready() if self.waiting else None

    def _await_ready(self) -> int | None:
        for name, url in list(self.waiting.items()):
            if ready(url):
                del self.waiting[name]
        now = time.time()
        if not self.waiting:
            state.write(self.run, ready=now)
            say(banner(self.home, self.note, now - self.note["started"]))
            self._repair()
        elif now > self.limit:
            say(f"not ready in time: {', '.join(self.waiting)}; see {self.home / 'logs'}")
            return 1
        return None

    def _repair(self) -> None:
        """A demo that was killed has noted which policies it replaced."""
        if (self.home / "demo" / "earlier-policies.json").exists():
            argv = (sys.executable, "-m", "careloop_local.demo.repair", str(self.home))
            subprocess.Popen(argv, stdin=subprocess.DEVNULL)  # noqa: S603


def compact(name: str, line: str) -> str | None:
    """A log line for the terminal, or None where it is not worth one."""
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return f"{name}: {line}" if line.startswith(("Traceback", "ERROR", "CRITICAL")) else None
    if not isinstance(entry, dict) or str(entry.get("level", "")).lower() not in _SHOWN_LEVELS:
        return None
    data = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _QUIET_KEYS)
    return f"{name:<10} {entry['level']:<8} {entry.get('event', '')} {data}".rstrip()[:200]


def banner(home: Path, note: dict[str, Any], seconds: float) -> str:
    """What a person needs to know about the platform that is ready now."""
    gateway = note["gateway_url"]
    key = home / "secrets" / "admin.key"
    return "\n".join(
        [
            "",
            f"CareLoop is ready after {seconds:.1f} s",
            f"  API        {gateway}/v1/…     documentation  {gateway}/docs",
            f"  API key    {key}",
            f'  try        curl -H "Authorization: Bearer $(cat {shlex.quote(str(key))})" {gateway}/v1/customers',
            f"  logs       {home / 'logs'}",
            "  Ctrl-C ends it; the data stay",
            "",
        ]
    )


def ready(url: str) -> bool:
    """Whether a process answers its readiness check, and answers yes."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            health: dict[str, Any] = json.load(answer)
            return health.get("status") == "pass"
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _runs(pid_file: Path) -> bool:
    with suppress(OSError, ValueError):
        return state.runs(int(pid_file.read_text()))
    return False


def main(home: str) -> int:
    """Watch until there is a reason to end."""
    watch = Watch(Path(home))
    try:
        while (status := watch.turn()) is None:
            time.sleep(_TURN_SECONDS)
        return status
    finally:
        # Whatever ended the watch, even a terminal that went with the launcher.
        if not state.runs(watch.note["launcher"]):
            state.end_leftovers(watch.run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

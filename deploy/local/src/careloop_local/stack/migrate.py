"""Bringing all databases to the newest schema, in one process.

A service's own `migrate` command does the same for one database, but loads the whole service for it; starting five of
them side by side takes two cores longer than one process takes for all.
"""

import json
import os
import subprocess
import sys

from careloop_local.errors import LocalError
from careloop_local.stack.config import DATABASES, StackConfig


def migrate(config: StackConfig) -> None:
    """Migrate every database; a failure is reported with what was said."""
    # By standard input: arguments and their passwords could be read by every user of the machine.
    urls = json.dumps({f"careloop_{name}": config.database_url(name) for name in DATABASES})
    done = subprocess.run(  # noqa: S603
        (sys.executable, "-m", __name__),
        input=urls.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    log = config.logs / "migrate.log"
    log.write_bytes(done.stdout)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode(errors="replace").splitlines()[-12:])
        raise LocalError(f"migrating failed, see {log}:\n{tail}")


def main() -> None:
    """The process: packages and URLs come as JSON on standard input."""
    from careloop_common.migrations import upgrade  # noqa: PLC0415  (only this process needs Alembic)

    for package, url in json.load(sys.stdin).items():
        sys.stdout.write(f"{package}\n")
        upgrade(package, url)


if __name__ == "__main__":
    main()

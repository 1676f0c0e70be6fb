"""Running a child process as an ordinary user when we are root: PostgreSQL refuses to run as root.

The child becomes `nobody`. Where that user cannot walk to what it needs (a checkout under `/root`, mode 0700), the
child keeps one capability, CAP_DAC_OVERRIDE, by way of util-linux `setpriv`; otherwise it keeps none.
"""

import os
import pwd
import shutil
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_DAC_OVERRIDE = 1
"""Number of CAP_DAC_OVERRIDE in the kernel's capability sets."""


class Unreachable(Exception):
    """The ordinary user cannot reach a file that it needs, and nothing here can help it."""


@dataclass(frozen=True, slots=True)
class User:
    """Who runs the child: `switch` says whether that is somebody else than ourselves."""

    uid: int
    gid: int
    name: str
    switch: bool

    def command(self, argv: Sequence[str], *, needs: Sequence[Path]) -> list[str]:
        """`argv`, wrapped as far as necessary so that it runs as this user and reaches every path in `needs`."""
        if not self.switch:
            return list(argv)
        blocked = next((wall for path in needs if (wall := self.wall(path)) is not None), None)
        setpriv = shutil.which("setpriv")
        if setpriv is None or (blocked and not _may_override()):
            reason = (
                f"{blocked} is closed to it" if blocked else "the program `setpriv` (util-linux) is missing"
            )
            raise Unreachable(
                f"PostgreSQL must not run as root, and as the user {self.name} it cannot run here: {reason}. "
                "Run as an ordinary user, or use a directory that everybody can enter."
            )
        keep = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"] if blocked else []
        identity = ["--reuid", str(self.uid), "--regid", str(self.gid), "--clear-groups"]
        return [setpriv, *identity, *keep, "--", *argv]

    def wall(self, path: Path) -> Path | None:
        """The first directory on the way to `path` that this user may not enter; None when the way is free."""
        resolved = path.resolve()
        for parent in reversed(resolved.parents):
            if not self._may_enter(parent):
                return parent
        return resolved if resolved.is_dir() and not self._may_enter(resolved) else None

    def _may_enter(self, directory: Path) -> bool:
        status = directory.stat()
        owns = status.st_uid == self.uid
        return bool(status.st_mode & (stat.S_IXUSR if owns else stat.S_IXOTH))


def ordinary_user() -> User:
    """Ourselves, or `nobody` when we are root."""
    uid = os.geteuid()
    if uid != 0:
        return User(uid, os.getegid(), owner_name(uid), switch=False)
    nobody = pwd.getpwnam("nobody")
    return User(nobody.pw_uid, nobody.pw_gid, nobody.pw_name, switch=True)


def owner_name(uid: int) -> str:
    """Name of the user `uid`, or its number when it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def tethered(argv: Sequence[str], signum: signal.Signals) -> list[str]:
    """`argv`, wrapped so that the kernel sends it `signum` when the thread that starts it ends (Linux only).

    Wrap before changing the user: the kernel forgets the wish when a process changes its identity.
    """
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", signum.name.removeprefix("SIG"), "--", *argv] if setpriv else list(argv)


def _may_override() -> bool:
    """Whether our own process holds CAP_DAC_OVERRIDE, so that a child can be given it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    sets = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Cap"))
    return all(int(sets[name].strip(), 16) >> _DAC_OVERRIDE & 1 for name in ("CapPrm", "CapBnd"))

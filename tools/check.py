"""Everything that is checked without running the platform; `make check` and `.ci/run` call this.

python tools/check.py [format lint types …]      all checks, or those named; ends with 1 if one fails
"""

import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sysconfig.get_path("scripts"))
PYTHON = sys.executable
SOURCES = [
    "libs/contracts/src",
    "libs/common/src",
    "services/profile/src",
    "services/ticketing/src",
    "services/campaign/src",
    "services/scoring/src",
    "gateway/src",
    "deploy/local/src",
    "tools",
]

CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "house-rules": [PYTHON, "tools/house_rules.py"],
    "architecture": [str(BIN / "lint-imports")],
    "dependencies": [PYTHON, "tools/declared.py"],
    "types": [str(BIN / "mypy"), *SOURCES],
    "schemas": [PYTHON, "-m", "careloop_contracts.generate", "--check"],
    "isolation": [PYTHON, "tools/isolation.py"],
}


def passes(name: str) -> bool:
    """Run one check; what it says is shown only when it fails."""
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603
        CHECKS[name], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    sys.stdout.write(f"{name:<14} {verdict:<8} {time.monotonic() - started:5.1f} s\n")
    if done.returncode != 0:
        sys.stdout.write(done.stdout)
    sys.stdout.flush()
    return done.returncode == 0


def main(names: Sequence[str]) -> int:
    """Run the checks, all of them even if one fails."""
    if unknown := set(names) - set(CHECKS):
        sys.stderr.write(f"unknown: {', '.join(unknown)}; there are {', '.join(CHECKS)}\n")
        return 2
    failed = [name for name in names or CHECKS if not passes(name)]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "all checks passed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Each distribution by itself: its wheel in a clean environment with only its own dependencies, in the locked versions.

python tools/isolation.py [careloop-ticketing …]

Every module is imported, and every service is migrated and started until it says that it is ready, beside servers that
run from our own environment. Workspace members share one environment when we develop: only here does an undeclared
dependency or a file that is missing from a wheel show.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from careloop_common.embedded import free_port
from careloop_local.settings import SERVICES, LocalSettings
from careloop_local.stack import servers
from careloop_local.stack.config import ProcessSpec, StackConfig, migrations, processes
from careloop_local.stack.watch import ready

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
UV = str(SCRIPTS / "uv")
MEMBERS = [
    *sorted((ROOT / "libs").iterdir()),
    *sorted((ROOT / "services").iterdir()),
    ROOT / "gateway",
    ROOT / "deploy/local",
]

IMPORT_ALL = """
import importlib, pkgutil, sys
package, *left_out = sys.argv[1:]
root = importlib.import_module(package)
count = 1
for found in pkgutil.walk_packages(root.__path__, package + "."):
    if not {"env", "__main__", *left_out} & set(found.name.split(".")):
        importlib.import_module(found.name)
        count += 1
print(count)
"""


class Broken(Exception):
    """A distribution does not stand alone; the message is what was said."""


@dataclass(frozen=True)
class Case:
    """What to install, which package to import, and the modules that need an extra which is not installed."""

    requirement: str
    package: str
    left_out: tuple[str, ...] = ()

    @property
    def service(self) -> str:
        """`ticketing`, also for cases that are not services."""
        return self.package.removeprefix("careloop_")


EXTRA = {"profile": ("training",)}
"""Modules of services that only a command imports, which says so when its extra is not there."""
CASES = [
    Case("careloop-contracts", "careloop_contracts"),
    Case("careloop-common", "careloop_common", ("embedded", "testing")),
    Case("careloop-common[testing]", "careloop_common"),
    *(Case(f"careloop-{name}", f"careloop_{name}", EXTRA.get(name, ())) for name in (*SERVICES, "gateway")),
    Case("careloop-profile[linkage]", "careloop_profile"),
    Case("careloop-local", "careloop_local"),
]


def install(case: Case, wheels: Path, where: Path) -> Path:
    """A fresh environment with the wheel and what it asks for; gives its directory of commands."""
    _run([UV, "venv", "--quiet", "--python", sys.executable, str(where)])
    scripts = where / "bin"
    options = ["--constraint", str(ROOT / "requirements.lock"), "--find-links", str(wheels)]
    _run([UV, "pip", "install", "--quiet", "--python", str(scripts / "python"), *options, case.requirement])
    lend_bytecode(Path(sysconfig.get_path("purelib")), next(where.glob("lib/python*/site-packages")))
    return scripts


def lend_bytecode(ours: Path, theirs: Path) -> None:
    """Link what our own environment has compiled of the same files: Python checks that they are the same."""
    for cache in ours.rglob("__pycache__"):
        place = theirs / cache.relative_to(ours)
        if place.parent.is_dir():
            shutil.copytree(cache, place, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def start(case: Case, scripts: Path, config: StackConfig) -> None:
    """Migrate and run the service of `case` until it is ready."""
    for spec in migrations(config):
        if spec.name == f"{case.service}-migrate":
            _run(_command(spec, scripts), env=spec.env)
    spec = next(found for found in processes(config) if found.name == case.service)
    log = config.logs / f"{spec.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            _command(spec, scripts),
            env={**os.environ, **spec.env},
            stdout=output,
            stderr=output,
            cwd=config.home,
        )
    try:
        deadline = time.monotonic() + 30
        while not ready(spec.ready_url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Broken(f"{spec.name} did not get ready:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def platform(home: Path) -> Iterator[StackConfig]:
    """Servers and empty databases for those that are started."""
    names = (*SERVICES, "gateway", "postgres", "nats")
    ports: dict[str, Any] = {f"{name}_port": free_port() for name in names}
    config = StackConfig(LocalSettings(home=home, database_url=None, nats_url=None, split=False, **ports))
    for directory in (config.run, config.logs):
        directory.mkdir(parents=True)
    config.keys.ensure(data_exist=False)
    with servers.running(config):
        servers.bootstrap(config)
        yield config


def check(case: Case, wheels: Path, directory: Path, config: StackConfig) -> str:
    """Install, import and start one distribution; gives a line about it."""
    started = time.monotonic()
    scripts = install(case, wheels, directory / case.requirement)
    python = str(scripts / "python")
    count = _run(
        [python, "-W", "error::ImportWarning", "-c", IMPORT_ALL, case.package, *case.left_out]
    ).strip()
    did = f"{count} modules imported"
    for command in scripts.glob("careloop*"):
        if command.name in {case.requirement, "careloop"}:
            _run([str(command), "--help"])
            did += f", {command.name} --help"
    if case.service in (*SERVICES, "gateway"):
        start(case, scripts, config)
        did += ", started"
    return f"{case.requirement:<26} {did} ({time.monotonic() - started:.1f} s)"


def main(wanted: Sequence[str]) -> int:
    """Check the distributions named, or all of them."""
    with tempfile.TemporaryDirectory(prefix="careloop-isolation-") as name:
        directory = Path(name)
        wheels = directory / "wheels"
        for member in MEMBERS:
            build = ["build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
            _run([UV, *build, "--out-dir", str(wheels), str(member)])
        with platform(directory / "home") as config:
            for case in CASES:
                if not wanted or case.requirement in wanted:
                    sys.stdout.write(check(case, wheels, directory, config) + "\n")
                    sys.stdout.flush()
    return 0


def _command(spec: ProcessSpec, scripts: Path) -> list[str]:
    return [str(scripts / Path(spec.argv[0]).name), *spec.argv[1:]]


def _run(argv: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(  # noqa: S603
        argv,
        check=False,
        capture_output=True,
        text=True,
        cwd=tempfile.gettempdir(),
        env={**os.environ, **(env or {})},
    )
    if done.returncode != 0:
        raise Broken(f"{' '.join(argv[:6])} … failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Broken as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)

"""Each import-linter contract of the root pyproject.toml against a planted violation, in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "libs/contracts/src/careloop_contracts/planted.py": "import careloop_common.clock",
    "services/profile/src/careloop_profile/planted/__init__.py": "",
    "services/profile/src/careloop_profile/planted/policy.py": "import structlog",
    "services/profile/src/careloop_profile/planted/models.py": "",
    "services/profile/src/careloop_profile/planted/schemas.py": "import careloop_contracts",
    "services/profile/src/careloop_profile/planted/queries.py": "import careloop_profile.planted_too.errors",
    "services/profile/src/careloop_profile/planted/service.py": "import fastapi, careloop_profile.planted.api",
    "services/profile/src/careloop_profile/planted/api.py": "",
    "services/profile/src/careloop_profile/planted_too/__init__.py": "",
    "services/profile/src/careloop_profile/planted_too/errors.py": "import careloop_profile.planted.api",
    "services/profile/src/careloop_profile/planted_too/service.py": "import careloop_profile.planted.models",
    "services/profile/src/careloop_profile/planted_too/api.py": "import careloop_scoring.database",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Number of each contract → KEPT or BROKEN, with all the violations planted."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "tools", copy / "tools")
    members = [*ROOT.glob("libs/*"), *ROOT.glob("services/*"), ROOT / "gateway", ROOT / "deploy/local"]
    sources = [Path(member, "src").relative_to(ROOT) for member in members]
    for source in sources:
        shutil.copytree(ROOT / source, copy / source)
    for path, text in PLANTED.items():
        (copy / path).parent.mkdir(exist_ok=True)
        (copy / path).write_text(text + "\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(copy / source) for source in sources)}
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    said = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    verdicts = re.findall(r"^(\d) [^═]*?(KEPT|BROKEN)", said.stdout, re.MULTILINE)
    assert verdicts, said.stdout + said.stderr
    return {int(number): verdict for number, verdict in verdicts}


def test_there_are_nine_contracts(verdicts):
    assert sorted(verdicts) == list(range(1, 10))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_planted_violation_breaks_the_contract(verdicts, number):
    assert verdicts[number] == "BROKEN"

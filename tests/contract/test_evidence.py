"""What docs/evidence.md names is there: scripts, tests, and a test by the number of every defect."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "evidence.md").read_text("utf-8")


def test_every_script_and_test_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:tests|services|libs)/[\w./]+\.py)", PAGE))
    assert len(named) > 10
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_defect_has_a_test_that_carries_its_number():
    suites = [path.read_text("utf-8") for tests in ("services", "libs") for path in _tests(tests)]
    carried = {number for suite in suites for number in re.findall(r"def test_b(\d\d)_", suite)}
    assert carried == set(re.findall(r"^\| B(\d\d) \|", PAGE, re.MULTILINE))
    assert len(carried) == 18


def _tests(folder):
    return (ROOT / folder).glob("**/tests/**/test_*.py")

"""What the page on teams says is what the service takes."""

import json
import re
from pathlib import Path

from careloop_ticketing.medals import policy
from careloop_ticketing.medals.schemas import Medal

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "teams.md").read_text("utf-8")


def test_the_medal_of_the_page_is_one():
    (written,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    medal = Medal.model_validate(json.loads(written))
    policy.check(medal.rule)


def test_the_page_names_every_figure():
    assert all(f"| `{name}` |" in PAGE for name in policy.CATALOGUE)

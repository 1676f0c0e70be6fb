"""The journey in the README runs as it stands."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from fleet import Fleet

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```bash journey\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def journey() -> str:
    (block,) = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return str(block)


async def test_the_journey_of_the_readme_runs_as_it_stands(fleet: Fleet, journey: str) -> None:
    surroundings = {
        **os.environ,
        "API": fleet.config.gateway_url,
        "KEY": fleet.config.keys.admin.read_text().strip(),
    }
    shell = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", journey,
        env=surroundings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, complained = await asyncio.wait_for(shell.communicate(), timeout=60)
    assert shell.returncode == 0, complained.decode() + said.decode()
    view = _last_document(said.decode())
    assert view["profile"]["status"] == "ok"
    assert view["tickets"]["data"]["items"][0]["status"] == "archived"


def _last_document(text: str) -> dict:
    """The JSON object that the output ends with; `json.tool` writes its braces at the start of lines."""
    return json.loads(text[text.rindex("\n{\n") :])

"""The journey in the README runs as it stands."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fleet import Fleet

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```bash journey\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def journey() -> str:
    (block,) = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    return str(block)


async def test_the_journey_of_the_readme_runs_as_it_stands(
    fleet: Fleet, admin: httpx.AsyncClient, journey: str
) -> None:
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
    accepted, ticket, answered, view = documents(said.decode())
    assert accepted["accepted"] == 1
    assert (ticket["cause"], ticket["customer_id"]) == ("technical_support", view["customer_id"])
    assert answered["score"] == 5
    assert {"profile", "score", "tickets", "care_tasks", "messages", "interactions"} <= view.keys()
    assert (await admin.get(f"/v1/tickets/{ticket['id']}")).json()["status"] == "archived"


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that were printed one after the other."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        found, end = decoder.raw_decode(rest)
        yield found
        rest = rest[end:].lstrip()

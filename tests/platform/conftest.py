"""One platform for all journeys: every process apart, so that a test can kill one and start it again."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fleet import Fleet


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first journey waits for the platform; on a busy machine that takes longer than a test may."""
    for item in items:
        if item.path.parent == Path(__file__).parent and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))
    # Hostile requests publish policies and rule sets too: what they leave behind comes after all that reads them.
    items.sort(key=lambda item: item.path.name == "test_fuzz.py")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fleet() -> AsyncIterator[Fleet]:
    directory = Path(tempfile.mkdtemp(prefix="careloop-platform-"))
    started = Fleet(directory / "home")
    try:
        await started.start()
        yield started
    finally:
        await started.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest_asyncio.fixture(loop_scope="session")
async def admin(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    """The front door, with the administrator's key."""
    key = fleet.config.keys.admin.read_text().strip()
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=fleet.config.gateway_url, headers=headers, timeout=20) as client:
        yield client


@pytest.fixture
def complaint() -> dict[str, Any]:
    return {"channel": "hotline", "subject": "宽带太慢，三天没人管", "description": "报修两次了"}

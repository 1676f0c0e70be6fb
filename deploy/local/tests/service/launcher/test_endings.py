"""How a platform or a demo ends that nobody ended properly."""

import asyncio
import contextlib
import json
import os
import signal
import urllib.request

import pytest

pytestmark = pytest.mark.timeout(600)

READY = 150


def policy_name(platform):
    """Of the SLA policy in force."""
    key = (platform.home / "secrets" / "admin.key").read_text().strip()
    url = f"{platform.note()['gateway_url']}/v1/sla-policies?limit=1"
    request = urllib.request.Request(url, headers={"authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["items"][0]["name"]


async def test_a_closed_terminal_ends_the_platform(launcher, gone, eventually):
    platform = launcher()
    close = platform.start_in_terminal("up")
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    await asyncio.to_thread(close)
    gone(family)
    assert not list(platform.run.glob("*.pid"))
    assert not (platform.run / "stack.json").exists()


async def test_a_closed_terminal_ends_the_platform_of_a_demo(launcher, gone, eventually):
    platform = launcher()
    close = platform.start_in_terminal("demo", "--scale", "0.1")
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    await asyncio.to_thread(close)
    gone(family)
    assert not list(platform.run.glob("*.pid"))


async def test_without_a_terminal_a_platform_goes_on(launcher, eventually):
    platform = launcher(prefix=["nohup"])
    platform.start()
    await eventually(platform.ready, timeout=READY)
    for process in platform.family():
        with contextlib.suppress(ProcessLookupError):  # helpers of PostgreSQL come and go
            os.kill(process.pid, signal.SIGHUP)
    assert platform.command("demo", "--exit", "--scale", "0").returncode == 2  # it takes a moment
    assert platform.ready()


async def test_the_next_start_puts_back_what_a_killed_demo_had_replaced(launcher, gone, eventually):
    platform = launcher()
    platform.start("demo", "--scale", "0.1")

    def replaced():
        try:
            return platform.ready() and policy_name(platform) == "Demo"
        except OSError:  # what is ready answers, but not always in ten seconds while a demo begins beside it
            return False

    await eventually(lambda: asyncio.to_thread(replaced), timeout=READY)
    family = platform.family()
    os.kill(platform.process.pid, signal.SIGKILL)
    platform.process.wait(10)
    assert platform.command("down").returncode == 0
    gone(family)

    platform.start()
    await eventually(platform.ready, timeout=READY)
    await eventually(lambda: policy_name(platform) != "Demo", timeout=30)
    await eventually(lambda: "put the policies back" in platform.text(), timeout=30)

"""The life of a local platform, from the outside: `careloop up` as a process."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import sys
import urllib.request
from pathlib import Path

import asyncpg
import psutil
import pytest
from careloop_common.testing import servers
from careloop_local.stack import watch

pytestmark = pytest.mark.timeout(400)

READY = 150
PROCESSES = {"gateway", "profile", "ticketing", "campaign", "scoring"}
BACKGROUND = {"ticketing-background"}


async def administer(platform, query):
    password = (platform.home / "secrets" / "postgres.password").read_text().strip()
    port = int(platform.environment["CARELOOP_POSTGRES_PORT"])
    connection = await asyncpg.connect(
        host="127.0.0.1", port=port, user="postgres", password=password, database="ticketing"
    )
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_ctrl_c_leaves_no_process_and_a_second_start_keeps_the_data(launcher, gone, eventually):
    platform = launcher()
    platform.start()
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    assert {path.stem for path in platform.run.glob("*.pid")} == PROCESSES | BACKGROUND | {
        "postgres",
        "nats",
        "watch",
    }
    for url in platform.note()["processes"].values():
        assert (await asyncio.to_thread(urllib.request.urlopen, url)).status == 200
    await administer(platform, "CREATE TABLE kept AS SELECT 42 AS answer")
    secrets = contents(platform.home / "secrets")

    os.kill(platform.process.pid, signal.SIGINT)
    assert platform.process.wait(60) == 0
    gone(family)
    assert "CareLoop is ready after" in platform.text()
    assert not list(platform.run.glob("*.pid"))

    platform.start()
    await eventually(platform.ready, timeout=READY)
    assert await administer(platform, "SELECT answer FROM kept") == 42
    assert contents(platform.home / "secrets") == secrets
    family = platform.family()

    second = platform.command("up")
    assert second.returncode == 4
    assert f"is running in {platform.home} already (process {platform.process.pid})" in second.stderr

    assert platform.command("down").stdout == "stopped\n"
    assert platform.process.wait(10) == 0
    gone(family)


async def test_the_death_of_a_server_ends_all(launcher, gone, eventually):
    platform = launcher()
    platform.start()
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    os.kill(platform.pid("postgres"), signal.SIGKILL)
    assert platform.process.wait(60) != 0
    gone(family)
    assert "postgres has ended" in platform.text()


async def test_a_process_that_dies_is_started_again_until_it_dies_too_often(launcher, gone, eventually):
    platform = launcher(CARELOOP_SPLIT="true")
    platform.start()
    await eventually(platform.ready, timeout=READY)
    others = {name: platform.pid(name) for name in ("gateway", "ticketing-api")}
    for times in (1, 2, 3):
        died = platform.pid("ticketing-worker")
        os.kill(died, signal.SIGKILL)
        await eventually(lambda pid=died: platform.pid("ticketing-worker") != pid, timeout=30)
        url = platform.note()["processes"]["ticketing-worker"]
        await eventually(lambda url=url: asyncio.to_thread(watch.ready, url), timeout=60)
        said = f"ticketing-worker ended (status -9); starting it again ({times} of 3 times within 5 minutes)"
        assert said in platform.text()
    assert {name: platform.pid(name) for name in others} == others
    family = platform.family()
    os.kill(platform.pid("ticketing-worker"), signal.SIGKILL)
    assert platform.process.wait(60) != 0
    gone(family)
    assert "ticketing-worker ended (status -9); stopping the others" in platform.text()


async def test_a_killed_launcher_leaves_nothing_that_lasts(launcher, gone, eventually):
    platform = launcher()
    platform.start()
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    os.kill(platform.process.pid, signal.SIGKILL)
    platform.process.wait(10)
    gone(family)


async def test_it_stops_in_the_middle_of_a_start(launcher, gone, eventually):
    platform = launcher()
    platform.start()
    await eventually((platform.run / "profile.pid").exists, timeout=READY)
    family = platform.family()
    os.kill(platform.process.pid, signal.SIGINT)
    platform.process.wait(60)
    gone(family)


async def test_own_servers_are_used_and_left_running(launcher, gone, eventually):
    with servers.own_postgres() as database_url, servers.own_nats() as nats_url:
        platform = launcher(
            CARELOOP_DATABASE_URL=database_url, CARELOOP_NATS_URL=nats_url, CARELOOP_SPLIT="true"
        )
        platform.start()
        await eventually(platform.ready, timeout=READY)
        split = {f"{name}-{part}" for name in PROCESSES - {"gateway"} for part in ("api", "worker")}
        assert {path.stem for path in platform.run.glob("*.pid")} == split | BACKGROUND | {"gateway", "watch"}
        family = platform.family()
        os.kill(platform.process.pid, signal.SIGTERM)
        assert platform.process.wait(60) == 0
        gone(family)
        connection = await asyncpg.connect(database_url)
        names = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        await connection.close()
    assert names >= PROCESSES
    assert not (platform.home / "postgres").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests of this file run as an ordinary user already")
async def test_an_ordinary_user_needs_no_privileges(launcher, place, gone, eventually):
    (place / "home").mkdir()
    shutil.chown(place / "home", "nobody")
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    if closed_to_others(Path(sys.executable), Path(__file__)):
        # Reading below a closed directory is all that is added: a checkout of root's may lie there.
        nobody += ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    platform = launcher(prefix=nobody)
    platform.start()
    await eventually(platform.ready, timeout=READY)
    family = platform.family()
    assert users(family) == {"nobody"}
    os.kill(platform.process.pid, signal.SIGINT)
    assert platform.process.wait(60) == 0
    gone(family)


def users(processes):
    """Who runs them; PostgreSQL has helpers that come and go."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.add(process.username())
    return found


def contents(directory):
    """Every secret with its mode, which only its owner may read."""
    found = {}
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        found[path.name] = path.read_bytes()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    return found


def closed_to_others(*paths):
    parents = [parent for path in paths for each in (path, path.resolve()) for parent in each.parents]
    return any(not parent.stat().st_mode & stat.S_IXOTH for parent in parents)
